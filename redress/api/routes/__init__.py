"""The endpoints: every module here that has a `router` is part of the API."""
