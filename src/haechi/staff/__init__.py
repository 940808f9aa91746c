# SPDX-License-Identifier: Apache-2.0
"""The people who run an installation: users with roles, how they come in, and their sessions.

A user comes in with a password and a code of an authenticator app, or with a passkey, which is two
factors by itself. Nobody chooses a password for somebody else: users take up an invitation.
"""

from haechi.staff._invitations import (
    INVITATION_HOURS,
    invite,
    invited_user,
    open_invitations,
    use_invitations,
    withdraw_invitations,
)
from haechi.staff._passkeys import (
    Passkey,
    Site,
    add_passkey,
    authentication_options,
    passkeys_of,
    registration_options,
    remove_passkeys,
    use_passkey,
)
from haechi.staff._password import check_password, hash_password
from haechi.staff._sessions import (
    Session,
    begin_session,
    end_session,
    end_sessions,
    forget_sessions,
    mark_used,
    session_of,
    sessions_of,
    set_challenge,
    take_challenge,
    take_waiting,
    wait_for_passkey,
)
from haechi.staff._totp import (
    forget_totp,
    proposed_secret,
    provisioning_uri,
    set_totp,
    step_of,
    use_code,
)
from haechi.staff._users import (
    User,
    add_user,
    all_users,
    as_login,
    change_user,
    hold_user,
    password_of,
    set_password,
    user_by_id,
    user_named,
)

__all__ = [
    "INVITATION_HOURS",
    "Passkey",
    "Session",
    "Site",
    "User",
    "add_passkey",
    "add_user",
    "all_users",
    "as_login",
    "authentication_options",
    "begin_session",
    "change_user",
    "check_password",
    "end_session",
    "end_sessions",
    "forget_sessions",
    "forget_totp",
    "hash_password",
    "hold_user",
    "invite",
    "invited_user",
    "mark_used",
    "open_invitations",
    "passkeys_of",
    "password_of",
    "proposed_secret",
    "provisioning_uri",
    "registration_options",
    "remove_passkeys",
    "session_of",
    "sessions_of",
    "set_challenge",
    "set_password",
    "set_totp",
    "step_of",
    "take_challenge",
    "take_waiting",
    "use_code",
    "use_invitations",
    "use_passkey",
    "user_by_id",
    "user_named",
    "wait_for_passkey",
    "withdraw_invitations",
]
