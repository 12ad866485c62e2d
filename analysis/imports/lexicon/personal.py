"""Which columns tell who somebody is, by heading or by what the values look like?"""

from __future__ import annotations

import re
from collections.abc import Sequence

from analysis.imports.lexicon.headings import plain_heading
from analysis.imports.lexicon.looks import EMAIL

_PHONE = re.compile(
    r"(\+?86[\s-]?)?1[3-9]\d([\s-]?[\d*]{4}){2}|\+\d{1,3}[\s\-\d()]{7,16}|\(?0\d{2,4}\)?[\s\-]\d{5,8}"
    r"|(\+?1[\s.-]?)?(\(\d{3}\)\s?|\d{3}[.-])\d{3}[.-]\d{4}|\d{17}[\dXx]"
)
_ADDRESS = re.compile(
    r"[^\n省市区县镇乡]*[省市区县镇乡][^\n街路道村里弄号室栋]*[街路道村里弄号室栋].*"
    r"|\d+[a-z]?,? .*\b(street|st|road|rd|avenue|ave|lane|ln|drive|dr|boulevard|blvd|way|court|ct)\b.*"
    r"|.*(straße|strasse|platz|weg|allee) \d+.*",
    re.IGNORECASE,
)
_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜"
    "范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
_NAME = re.compile(
    rf"[{_SURNAMES}][\u4e00-\u9fff]{{1,2}}|(欧阳|司马|上官|诸葛|夏侯|东方|皇甫|尉迟|公孙|慕容|令狐)[\u4e00-\u9fff]{{1,2}}"
    r"|[A-ZÀ-Þ][\w'’-]+( [A-ZÀ-Þ]\.?)?( [A-ZÀ-Þ][\w'’-]+){1,2}"
)
_LONGEST = 200
"""Characters of a cell that are looked at: a pattern may take long over a long one."""
_HEADING = re.compile(
    r"e?mail|phone|mobile|telephone|address|firstname|lastname|fullname|billingname|shippingname|customername|buyername"
    r"|邮箱|电话|手机|收货人|收件人|姓名|收货地址|详细地址|身份证|会员名|买家昵称|微信号|旺旺"
)
_WHO = re.compile(r"user|uid|visitor|member|customer|buyer|distinctid|account|login|用户|买家|会员|客户|账号")
_SOME = 0.1
"""From this share on, names and addresses among ids are meant; fewer may be a product called like a person."""


def names_people(heading: str) -> bool:
    """Say whether a heading is that of a column that says who somebody is.

    Examples
    --------
    >>> names_people("Customer ID"), names_people("campaign")
    (True, False)
    """
    return bool(_WHO.search(plain_heading(heading)))


def is_personal(heading: str, values: Sequence[str], *, who: bool = False) -> bool:
    """Say whether a column holds e-mail addresses, phone numbers, names or addresses.

    One e-mail address is enough, and in a column that says `who` somebody is one phone number as well. Names and
    addresses are told by their look only there: a channel or a creative may be called like a person or a place.
    """
    if _HEADING.search(plain_heading(heading)):
        return True
    cut = [v[:_LONGEST].strip() for v in values]
    mails, phones, names, places = (
        sum(bool(look.fullmatch(v)) for v in cut) for look in (EMAIL, _PHONE, _NAME, _ADDRESS)
    )
    if mails or phones > len(cut) / 2:
        return True
    numbered = all(v.isdigit() for v in cut)  # among numbers, some look like a telephone's by chance
    return who and bool((phones and not numbered) or names + places > _SOME * len(cut))
