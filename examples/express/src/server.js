import { setTimeout as wait } from 'node:timers/promises';

import express from 'express';
import Redis from 'ioredis';
import pg from 'pg';

import { names, page } from './page.js';

const database = new pg.Pool({ connectionString: process.env.DATABASE_URL });
const redis = new Redis(process.env.REDIS_URL);
// Both come back by themselves; a lost connection is a line in the log.
database.on('error', (error) => console.error('database:', error.message));
redis.on('error', (error) => console.error('redis:', error.message));

const app = express();
app.use(express.urlencoded({ extended: false }));

app.get('/', async (request, response) => {
  const visits = await redis.incr('visits');
  const { rows } = await database.query('SELECT name FROM guests ORDER BY id DESC LIMIT 20');
  response.send(page(process.env.GREETING ?? 'Hello', visits, names(rows)));
});

app.post('/', async (request, response) => {
  const name = String(request.body?.name ?? '').trim().slice(0, 80);
  if (name) await database.query('INSERT INTO guests (name) VALUES ($1)', [name]);
  response.redirect(303, '/');
});

app.get('/healthz', async (request, response) => {
  await Promise.all([database.query('SELECT 1'), redis.ping()]);
  response.send('ok\n');
});

// The database may still be starting.
for (let attempt = 1; ; attempt++) {
  try {
    await database.query('CREATE TABLE IF NOT EXISTS guests (id serial PRIMARY KEY, name text NOT NULL)');
    break;
  } catch (error) {
    if (attempt === 60) throw error;
    console.error(`waiting for the database: ${error.message || error.code}`);
    await wait(1000);
  }
}

const port = process.env.PORT || 3000;
app.listen(port, () => console.log(`listening on port ${port}`));
