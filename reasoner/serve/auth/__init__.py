"""Who may call: signed tokens (JWT) of listed issuers, each good for one request."""

from .middleware import Authenticated
from .register import Auth

__all__ = ["Auth", "Authenticated"]
