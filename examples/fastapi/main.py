"""A list of notes: GET /notes, POST /notes {"text": "..."}."""

import os
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI
from psycopg_pool import ConnectionPool
from pydantic import BaseModel, Field

pool = ConnectionPool(os.environ["DATABASE_URL"], open=False)


@asynccontextmanager
async def lifespan(_: FastAPI):
    # The database may still be starting.
    pool.open(wait=True, timeout=60)
    with pool.connection() as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS notes (id serial PRIMARY KEY, text text NOT NULL)")
    yield
    pool.close()


app = FastAPI(title="Notes", lifespan=lifespan)


class Note(BaseModel):
    text: str = Field(min_length=1, max_length=500)


@app.get("/notes")
def notes() -> list[Note]:
    with pool.connection() as connection:
        rows = connection.execute("SELECT text FROM notes ORDER BY id").fetchall()
    return [Note(text=text) for (text,) in rows]


@app.post("/notes", status_code=201)
def add(note: Note) -> Note:
    with pool.connection() as connection:
        connection.execute("INSERT INTO notes (text) VALUES (%s)", (note.text,))
    return note


@app.get("/healthz")
def healthz() -> str:
    with pool.connection() as connection:
        connection.execute("SELECT 1")
    return "ok"


if __name__ == "__main__":
    uvicorn.run(app, host="0.0.0.0", port=8000)
