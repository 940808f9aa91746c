# SPDX-License-Identifier: Apache-2.0
"""Partners in and out. So far: who they are, of what kind, and what their tokens allow."""

from haechi.exchange._partners import (
    SCOPES,
    Partner,
    add_partner,
    all_partners,
    partner_of,
    revoke_partner,
)

__all__ = ["SCOPES", "Partner", "add_partner", "all_partners", "partner_of", "revoke_partner"]
