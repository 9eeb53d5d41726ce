"""Makes units.tsv from the data folder of the Python package vietnamadminunits 1.0.4: python3 units.py FOLDER > units.tsv"""

import collections, json, pathlib, sqlite3, sys, unicodedata

HEAD = """\
# Provinces and communes of Viet Nam from 2025-07-01, and which of them hold the communes that were before.
# Made by units.py from vietnamadminunits 1.0.4, MIT License, Copyright (c) 2025 Tran Ngoc Minh Hieu.
# P: code, province, provinces that went into it. C: code, commune of the province above it.
# The codes are those of CV 1027/CTK-CSCL of 25/6/2025. A file beside this one holds the licence.
# D: province that was, district that was. O: commune that was (none where the district had none), codes of the communes that hold it.
"""


def plain(name):
    for kind in ("Tỉnh ", "Thành phố ", "Xã ", "Phường ", "Đặc khu "):
        name = name.removeprefix(kind)
    return "".join(c for c in unicodedata.normalize("NFD", name.lower().replace("đ", "dz")) if not unicodedata.combining(c)), name


folder = pathlib.Path(sys.argv[1])
db = sqlite3.connect(folder / "dataset.db")
new = db.execute("select provinceCode, province, provinceKey, wardCode, ward, wardKey from admin_units").fetchall()
old = db.execute(
    "select provinceKey, province, districtKey, district, wardKey, ward from admin_units_legacy order by provinceCode, districtCode, wardCode"
).fetchall()
told = json.loads((folder / "converter_2025.json").read_text())
code = {(province, key): code for _, _, province, code, _, key in new}
held = collections.defaultdict(set)
for province, communes in told["DICT_PROVINCE_WARD_NO_DIVIDED"].items():
    for key, parts in communes.items():
        for part in parts:
            held[part].add(code[province, key])
for province, parts in told["DICT_PROVINCE_WARD_DIVIDED"].items():
    for part, communes in parts.items():
        held[part].update(code[province, commune["newWardKey"]] for commune in communes)

print(HEAD, end="")
names = {key: name for key, name, *_ in old}
for number, province, key in sorted({row[:3] for row in new}, key=lambda row: plain(row[1])):
    before = [names[one] for one in told["DICT_PROVINCE"][key]]
    print("P", number, province, "; ".join(sorted(name for name in before if plain(name) != plain(province))), sep="\t")
    for row in sorted((row for row in new if row[2] == key), key=lambda row: plain(row[4])):
        print("C", row[3], row[4], sep="\t")
above = None
for province_key, province, district_key, district, key, commune in old:
    if above != (above := (province, district)):
        print("D", province, district, sep="\t")
    print("O", commune or "", " ".join(sorted(held["_".join((province_key, district_key, key or ""))])), sep="\t")
