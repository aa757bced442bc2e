"""The service's part: approvals, comments, and the REST interface that steps call."""
