# SPDX-License-Identifier: Apache-2.0
"""Forms as they were sent: read here, so that what she wrote is kept nowhere.

Litestar's own reader keeps the last thousand bodies in a cache; passphrases must not stay in memory.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import parse_qsl

from litestar import Request

from haechi.errors import BadInput

_MAX_FIELDS: Final = 20

Form = dict[str, str]


async def read_form(request: Request[Any, Any, Any]) -> Form:
    """The fields of an urlencoded form, without the spaces around them; the last of a name counts.

    Raises:
        BadInput: this is no form.
    """
    body = await request.body()
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError as error:
        raise BadInput from error
    # Browsers send CR LF for a line end and count it as one character against `maxlength`.
    return {name: value.replace("\r\n", "\n").strip() for name, value in pairs}
