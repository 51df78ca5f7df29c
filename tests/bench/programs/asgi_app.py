"""An ASGI application of the size that a request of a small service runs: FastAPI, some logic."""

from __future__ import annotations

from fastapi import FastAPI

app = FastAPI()
ARTICLES = [
    {"id": number, "title": f"Article {number}", "words": number * 37 % 900, "tags": []}
    for number in range(60)
]
for article in ARTICLES:
    article["tags"] = [name for turn, name in enumerate("abcde") if article["id"] % (turn + 2) == 0]


def score(article: dict, wanted: str) -> int:
    """Rank an article."""
    points = 0
    for tag in article["tags"]:
        if tag == wanted:
            points += 5
        elif tag < wanted:
            points += 1
    if article["words"] > 400:
        points += 2
    return points


def page(articles: list[dict], number: int, size: int) -> list[dict]:
    """Cut out a page."""
    start = (number - 1) * size
    return articles[start : start + size]


@app.get("/articles")
async def articles(tag: str = "b", number: int = 1) -> dict:
    """Answer with the best articles."""
    ranked = sorted(ARTICLES, key=lambda article: score(article, tag), reverse=True)
    return {"count": len(ranked), "articles": page(ranked, number, 10)}
