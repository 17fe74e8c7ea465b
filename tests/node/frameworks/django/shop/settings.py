ALLOWED_HOSTS = ["*"]
DEBUG = True
ROOT_URLCONF = "shop.urls"
SECRET_KEY = "for-development"
