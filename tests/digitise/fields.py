#!/usr/bin/env python3
"""What motcua digitise --fields reads: fields of the drawn pages by their truth, and QR codes beside zbarimg.

usage: fields.py MOTCUA WORK_FOLDER

Every page is a paper of its own. Exact is equal to what was drawn, letter by letter; "asked for no yes" are the fields that a clerk need
not compare with the paper, and those of them that are wrong would go into the dossier unseen.
"""
import json, os, resource, subprocess, sys, tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

# The drawn pages' names of their fields, and ours.
KINDS = {
    'tokhai_khaisinh': ('birth_form', dict(nguoi_yeu_cau='applicant', so_cccd='applicant_number', ho_ten_con='child_name', ngay_sinh='child_birth', gioi_tinh='child_sex', dan_toc='child_ethnicity', ho_ten_me='mother', ho_ten_cha='father')),
    'giay_khaisinh': ('birth_certificate', dict(so='number', ho_ten_con='child_name', ngay_sinh='child_birth', so_dinh_danh='child_number', ho_ten_me='mother', ho_ten_cha='father', nguoi_ky='signer')),
    'don_honnhan': ('single_form', dict(nguoi_yeu_cau='applicant', ngay_sinh='applicant_birth', so_cccd='applicant_number', tinh_trang='marital_status')),
    'cccd': ('citizen_card', dict(so_cccd='number', ho_ten='holder', ngay_sinh='birth', gioi_tinh='sex')),
    'dat_dai': ('land_form', dict(ten='owner', so_cccd='owner_number', thua_so='parcel', to_ban_do='map_sheet', dien_tich='area', so_gcn='certificate')),
    'quyet_dinh': ('decision', dict(so_ky_hieu='number', ngay_ban_hanh='issued', co_quan='issuer', trich_yeu='subject', nguoi_ky='signer')),
    'giay_tiep_nhan': ('receipt', dict(ma_ho_so='dossier', nguoi_nop='applicant', ngay_nhan='received', ngay_tra='promised', le_phi='fee')),
    'uy_quyen': ('letter_of_authority', dict(ben_a='principal', cccd_a='principal_number', ben_b='agent', cccd_b='agent_number', ngay='issued')),
    'danh_sach': ('list', dict(so_ho='count', hang_1='first_name', hang_26='last_name')),
    'ho_kinh_doanh': ('household_business', dict(so='number', ten_ho='business', von='capital', chu_ho='owner', so_cccd='owner_number', ngay_sinh='owner_birth')),
}


def digitised(motcua, file, dpi, fields=True):
    """What is read of one page."""
    with tempfile.TemporaryDirectory() as folder:
        out = f'{folder}/out.json'
        command = [motcua, 'digitise', file, '--dpi', str(dpi), '-o', f'{folder}/out.pdf', *(['--fields', out] if fields else [])]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f'{file}: {done.stderr}')
        return json.load(open(out)) if fields else None


def fields(motcua, work, truth):
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        read = list(pool.map(lambda page: digitised(motcua, f'{work}/pages/{page["file"]}', page['dpi']), truth))
    told, count, wrong = Counter(), {}, Counter()
    for page, paper in zip(truth, read):
        kind, keys = KINDS[page['doc']]
        level = f'{page["dpi"]} dpi {page["level"]}'
        told[level] += bool(paper['type']) and paper['type']['id'] == kind
        by_key = {field['key']: field for field in paper['fields']}
        for theirs, ours in keys.items():
            field = by_key.get(ours)
            exact = field is not None and field['value'] == page['fields'][theirs]
            silent = field is not None and not field['needs_yes']
            counts = count.setdefault(level, Counter())
            counts.update(fields=1, exact=exact, silent=silent, false=silent and not exact)
            if not exact:
                wrong[f'{kind}.{ours}'] += 1
    pages = Counter(f'{page["dpi"]} dpi {page["level"]}' for page in truth)
    print('| pages | type told | fields exact | asked for no yes | of those wrong |\n|---|---|---|---|---|')
    for level, counts in count.items():
        print(f'| {level} | {told[level]} of {pages[level]} | {counts["exact"]} of {counts["fields"]} | {counts["silent"]} | {counts["false"]} |')
    whole = sum(count.values(), Counter())
    print(f'| all | {sum(told.values())} of {len(truth)} | {whole["exact"]} of {whole["fields"]} | {whole["silent"]} | {whole["false"]} |')
    print(f'fields that were not exact everywhere (of {len(count)} pages each): ' + (', '.join(f'{key} {times}' for key, times in sorted(wrong.items())) or 'none'))
    return read


def zbarimg(file):
    told = subprocess.run(['zbarimg', '-q', '--nodbus', '--raw', '-Sdisable', '-Sqrcode.enable', file], capture_output=True, text=True, errors='replace')
    return told.stdout.splitlines()


def codes(motcua, work, truth, read):
    pictures = [dict(one, file=f'{work}/codes/{one["file"]}', kind='whole pages, damaged' if one['page'] else 'one code, damaged') for one in json.load(open(f'{work}/codes/codes.json'))]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        papers = list(pool.map(lambda one: digitised(motcua, one['file'], one['dpi']), pictures))
    for page, paper in zip(truth, read):
        if 'qr' in page['fields']:
            pictures.append(dict(file=f'{work}/pages/{page["file"]}', texts=[page['fields']['qr']], kind='the pages above with a code'))
            papers.append(paper)
    count, missed, invented = {}, [], 0
    for one, paper in zip(pictures, papers):
        ours, theirs = {code['text'] for code in paper['codes']}, set(zbarimg(one['file']))
        invented += len(ours - set(one['texts']))
        for text in one['texts']:
            counts = count.setdefault(one['kind'], Counter())
            counts.update(codes=1, ours=text in ours, theirs=text in theirs)
            if text not in ours:
                missed.append(os.path.basename(one['file']))
    print('\n| QR codes | motcua digitise | zbarimg |\n|---|---|---|')
    for kind, counts in count.items():
        print(f'| {kind} | {counts["ours"]} of {counts["codes"]} | {counts["theirs"]} |')
    print(f'missed: {", ".join(missed) or "none"}; read otherwise than drawn: {invented}')


def cost(motcua, work, truth):
    """Processor time that fields and codes take besides the PDF, a page; the least of two runs."""
    def spent(page, with_fields):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        digitised(motcua, f'{work}/pages/{page["file"]}', 300, with_fields)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    some = [page for page in truth if page['dpi'] == 300 and page['level'] == 'd1']
    pdf, both = (sum(min(spent(page, fields) for _ in range(2)) for page in some) / len(some) for fields in (False, True))
    print(f'\nfields and codes: {1000 * (both - pdf):.0f} ms of processor time a page at 300 dpi, besides {1000 * pdf:.0f} ms for its PDF')


def main():
    motcua, work = sys.argv[1:]
    truth = json.load(open(f'{work}/pages/truth.json'))['pages']
    read = fields(motcua, work, truth)
    codes(motcua, work, truth, read)
    cost(motcua, work, truth)


main()
