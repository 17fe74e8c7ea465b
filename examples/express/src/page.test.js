import assert from 'node:assert/strict';
import { test } from 'node:test';

import { page } from './page.js';

test('a name is text, whatever is in it', () => {
  assert.match(page('Hi', 1, ['<b>Ada</b>']), /<li>&#60;b&#62;Ada&#60;\/b&#62;<\/li>/);
});
