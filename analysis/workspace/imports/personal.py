"""Which columns tell who somebody is: by heading or by what the values look like."""

from __future__ import annotations

import re
from collections.abc import Sequence

from analysis.workspace.imports.headings import plain_heading

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PHONE = re.compile(r"(\+?86)?1[3-9]\d{9}|\+\d{1,3}[\s\-\d()]{7,16}|\(?0\d{2,4}\)?[\s\-]\d{5,8}")
_HEADING = re.compile(
    r"e?mail|phone|mobile|telephone|address|firstname|lastname|fullname|billingname|shippingname|customername|buyername"
    r"|邮箱|电话|手机|收货人|收件人|姓名|收货地址|详细地址|身份证|会员名|买家昵称|微信号|旺旺"
)


def is_personal(heading: str, values: Sequence[str]) -> bool:
    """Say whether a column holds e-mail addresses, phone numbers, names or addresses."""
    hits = sum(bool(_EMAIL.fullmatch(v.strip()) or _PHONE.fullmatch(v.strip())) for v in values)
    return bool(_HEADING.search(plain_heading(heading))) or (bool(values) and hits > len(values) / 2)
