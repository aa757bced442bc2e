"""GitHub on this machine: comments on pull requests, who approved a run, and how runs ended."""

from __future__ import annotations

from collections.abc import Sequence

from modelyard.testing.rest_server import Asked, Json, RestServer, Route, Said


class FakeGitHub(RestServer):
    """One repository."""

    def __init__(self, *, repository: str = "fabrikam/modelyard", token: str = "s3cret") -> None:  # noqa: S107 - a fake's
        super().__init__()
        self.repository, self.token = repository, token
        self.comments: dict[str, list[Json]] = {}
        """Of each pull request."""
        self.reviews: dict[str, list[Json]] = {}
        """Answers of people, by run."""
        self.runs: dict[str, list[Json]] = {}
        """By workflow, the newest first."""

    def refuse(self, asked: Asked) -> Said | None:
        """Nobody without the token gets an answer."""
        good = asked.headers.get("authorization") == f"Bearer {self.token}"
        return None if good else Said(401, {"message": "Bad credentials"})

    def routes(self) -> Sequence[Route]:
        """What delivery calls."""
        root = f"/repos/{self.repository}"
        return (
            Route("GET", f"{root}/issues/(\\d+)/comments", self._page),
            Route("POST", f"{root}/issues/(\\d+)/comments", self._add),
            Route("PATCH", f"{root}/issues/comments/(\\d+)", self._change),
            Route("GET", f"{root}/actions/runs/(\\d+)/approvals", lambda one: Said(200, self.reviews[one.found[0]])),
            Route("GET", f"{root}/actions/workflows/([\\w.-]+)/runs", self._ended),
        )

    def _ended(self, asked: Asked) -> Said:
        wanted = (asked.query["branch"], asked.query["status"])
        found = [one for one in self.runs.get(asked.found[0], []) if (one["head_branch"], one["conclusion"]) == wanted]
        return Said(200, {"total_count": len(found), "workflow_runs": found[: int(asked.query["per_page"])]})

    def _page(self, asked: Asked) -> Said:
        size, page = int(asked.query["per_page"]), int(asked.query["page"])
        return Said(200, self.comments.get(asked.found[0], [])[(page - 1) * size : page * size])

    def _add(self, asked: Asked) -> Said:
        number = sum(len(one) for one in self.comments.values()) + 1
        comment = {"id": number, "body": asked.body["body"]}
        self.comments.setdefault(asked.found[0], []).append(comment)
        return Said(201, comment)

    def _change(self, asked: Asked) -> Said:
        for comments in self.comments.values():
            for one in comments:
                if str(one["id"]) == asked.found[0]:
                    one["body"] = asked.body["body"]
                    return Said(200, one)
        return Said(404, {"message": "Not Found"})
