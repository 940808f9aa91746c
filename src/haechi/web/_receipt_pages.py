# SPDX-License-Identifier: Apache-2.0
"""Her receipts as files."""

from __future__ import annotations

import json
from typing import Final

from litestar import MediaType, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from haechi import workflows
from haechi.errors import NotFound
from haechi.values import Actor
from haechi.web._render import Page
from haechi.workflows import Context, Gate


@get("/case/receipts/{name:str}", opt={"gate": Gate.CASE}, sync_to_thread=True)
def receipt_file(
    name: FromPath[str],
    page: NamedDependency[Page],
    ctx: NamedDependency[Context],
    actor: NamedDependency[Actor],
) -> Response[bytes]:
    """A receipt of this case as a file, `ID.json` or `ID.pdf`."""
    receipt_id, _, form = name.partition(".")
    if form not in ("json", "pdf"):
        raise NotFound
    receipt = workflows.read_receipt(ctx, actor, receipt_id=receipt_id)
    if form == "pdf":
        body = workflows.receipt_pdf(receipt, language=page.words.language, words=page.words)
    else:
        body = json.dumps(receipt, ensure_ascii=False, indent=2).encode()
    number = receipt["statement"]["case_number"]
    return Response(
        body,
        media_type="application/pdf" if form == "pdf" else MediaType.JSON,
        headers={"content-disposition": f'attachment; filename="receipt-{number}.{form}"'},
    )


HANDLERS: Final = (receipt_file,)
