<?php echo 'php ' . PHP_MAJOR_VERSION;
