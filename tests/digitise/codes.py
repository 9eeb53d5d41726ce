#!/usr/bin/env python3
"""QR codes as papers have them, damaged in every way that scanners and copiers damage: pictures of one code, and whole pages.
Deterministic; all persons are invented. usage: codes.py OUT_DIR
writes OUT/<name>.jpg and OUT/codes.json: [{file, dpi, text, page}], page true for a whole page of A4.
The pages of pages.py that have a code are measured besides.
"""
import json, os, sys
import cv2, numpy as np, segno
from PIL import Image

cv2.setNumThreads(1)
TEXTS = {
    'slip': 'https://dichvucong.thunghiem.example/tra-cuu?m=TAM-K07-261123-0042-51',
    'receipt': 'https://dichvucong.thunghiem.example/tracuu?mahs=000.00.15.H99-261123-0042',
    'card2021': '099185001234|099123456|Nguyễn Thị Mẫu Đơn|14021985|Nữ|Số 12, ngõ 45, đường Hoa Phượng, phường Minh Họa, tỉnh Thử Nghiệm|05032022',
    'card2024': '099083004567||Trần Văn Thí Dụ|20071983|Nam|Thôn Bình Yên, xã Ví Dụ, tỉnh Thử Nghiệm|02082024||||',
}
PAPER, INK = 250, 25


def code(text, module, margin=6):
    """One code on paper, `module` pixels a module."""
    matrix = np.array([list(row) for row in segno.make(text, error='m', boost_error=False, micro=False).matrix], np.uint8)
    matrix = np.pad(matrix, margin)
    side = round(matrix.shape[0] * module)
    return cv2.resize(np.where(matrix, INK, PAPER).astype(np.float32), (side, side), interpolation=cv2.INTER_AREA if module < 3 else cv2.INTER_NEAREST)


def turned(a, degrees):
    h, w = a.shape
    m = cv2.getRotationMatrix2D((w / 2, h / 2), degrees, 1)
    cos, sin = abs(m[0, 0]), abs(m[0, 1])
    nw, nh = int(h * sin + w * cos), int(h * cos + w * sin)
    m[:, 2] += (nw / 2 - w / 2, nh / 2 - h / 2)
    return cv2.warpAffine(a, m, (nw, nh), flags=cv2.INTER_CUBIC, borderValue=PAPER)


def leaning(a, part):
    """As photographed from aside: one edge `part` shorter."""
    h, w = a.shape
    to = np.float32([[0, h * part / 2], [w, 0], [w, h], [0, h * (1 - part / 2)]])
    m = cv2.getPerspectiveTransform(np.float32([[0, 0], [w, 0], [w, h], [0, h]]), to)
    return cv2.warpPerspective(a, m, (w, h), flags=cv2.INTER_CUBIC, borderValue=PAPER)


def noisy(a, rng, sigma):
    return a + rng.normal(0, sigma, a.shape)


def photocopied(a, rng, level):
    """Black and white, edges eaten, specks."""
    a = cv2.GaussianBlur(a, (0, 0), 1.1) + rng.normal(0, 22, a.shape)
    a = np.where(a < level, 20.0, 245.0)
    specks = rng.random(a.shape) < 0.004
    return cv2.GaussianBlur(np.where(specks, 20.0, a), (0, 0), 0.6)


def shadowed(a, low):
    return a * np.linspace(low, 1, a.shape[1])[None, :]


def blotted(a, rng, part):
    """A stroke of a pen across."""
    h, w = a.shape
    a = a.copy()
    cv2.line(a, (int(w * .2), int(h * rng.uniform(.5, .6))), (int(w * .85), int(h * rng.uniform(.7, .8))), 60.0, max(1, int(h * part)))
    return a


def wavy(a, most):
    h, w = a.shape
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    return cv2.remap(a, x + most * np.sin(y / h * 7), y + most * np.sin(x / w * 6), cv2.INTER_CUBIC, borderValue=PAPER)


def faults(rng):
    """Name, text, pixels a module, what happens to it, JPEG quality."""
    blur = lambda sigma: lambda a: cv2.GaussianBlur(a, (0, 0), sigma)
    return [
        ('turned7', 'slip', 4, lambda a: turned(a, 7), 80), ('turned33', 'card2021', 4, lambda a: turned(a, 33), 80),
        ('turned180', 'receipt', 4, lambda a: turned(a, 180), 80), ('turned200', 'card2024', 3.7, lambda a: turned(a, 200), 70),
        ('blur1', 'card2021', 4, blur(1), 80), ('blur2', 'slip', 4, blur(2), 80), ('blur2.4', 'card2024', 4, blur(2.4), 80), ('blur3', 'receipt', 5, blur(3), 80),
        ('noise25', 'card2021', 4, lambda a: noisy(a, rng, 25), 80), ('noise50', 'slip', 4, lambda a: noisy(a, rng, 50), 80), ('noise70', 'receipt', 4, lambda a: noisy(a, rng, 70), 80),
        ('jpeg10', 'card2024', 4, blur(.6), 10), ('jpeg5', 'receipt', 4, blur(.6), 5), ('jpeg3', 'slip', 4, blur(.6), 3),
        ('pale30', 'slip', 4, lambda a: noisy(PAPER - (PAPER - a) * .14, rng, 3), 80), ('pale12', 'card2021', 4, lambda a: noisy(PAPER - (PAPER - a) * .06, rng, 1), 90),
        ('copy120', 'receipt', 4, lambda a: photocopied(a, rng, 120), 70), ('copy170', 'card2024', 4, lambda a: photocopied(a, rng, 170), 70), ('copy80', 'slip', 4, lambda a: photocopied(a, rng, 80), 70),
        ('leaning10', 'card2021', 4, lambda a: leaning(a, .10), 80), ('leaning25', 'slip', 5, lambda a: leaning(a, .25), 80), ('leaning35', 'receipt', 5, lambda a: leaning(a, .35), 80),
        ('small2.4', 'card2021', 2.4, lambda a: a, 90), ('small2', 'slip', 2, lambda a: a, 90), ('small1.7', 'receipt', 1.7, lambda a: a, 92),
        ('shadow', 'card2024', 4, lambda a: noisy(shadowed(a, .35), rng, 4), 75), ('stroke', 'slip', 5, lambda a: blotted(a, rng, .03), 80), ('wavy', 'card2021', 4, lambda a: wavy(a, 6), 80),
        ('all', 'slip', 4, lambda a: noisy(cv2.GaussianBlur(leaning(turned(a, 12), .08), (0, 0), 1.3), rng, 14), 40),
        ('small-turned', 'card2024', 2.7, lambda a: cv2.GaussianBlur(turned(a, 41), (0, 0), .7), 60),
    ]


def page_faults(rng):
    """A4 with lines of dark boxes for text, two codes at most; name, texts, module in mm, dpi, what happens to the page, quality."""
    same = lambda a: a
    return [
        ('page-straight', ['card2021'], .33, 300, same, 80), ('page-two', ['receipt', 'card2024'], .4, 300, same, 80), ('page-180', ['receipt'], .5, 200, lambda a: turned(a, 180), 75),
        ('page-90', ['card2021'], .4, 300, lambda a: turned(a, 90), 80), ('page-turned6', ['slip'], .4, 200, lambda a: turned(a, 6), 60),
        ('page-copy', ['receipt'], .5, 200, lambda a: photocopied(a, rng, 125), 60), ('page-small', ['card2021'], .33, 200, same, 85),
        ('page-blur', ['card2024'], .5, 300, lambda a: cv2.GaussianBlur(a, (0, 0), 2.2), 60), ('page-noise', ['slip'], .5, 200, lambda a: noisy(a, rng, 35), 50),
        ('page-shadow', ['receipt'], .4, 300, lambda a: noisy(shadowed(a, .4), rng, 8), 50),
    ]


def page(texts, mm, dpi, rng):
    a = np.full((round(297 / 25.4 * dpi), round(210 / 25.4 * dpi)), PAPER, np.float32)
    px = lambda v: round(v / 25.4 * dpi)
    for y in np.arange(30, 270, 7.5):
        x = 25.0
        while x < 185:
            wide = rng.uniform(4, 16)
            a[px(y):px(y + 2.6), px(x):px(x + wide)] = np.where(rng.random((px(y + 2.6) - px(y), px(x + wide) - px(x))) < .45, INK, PAPER)
            x += wide + 2.5
    for text, (x, y) in zip(texts, ((145, 35), (25, 215))):
        one = code(TEXTS[text], mm / 25.4 * dpi, 3)
        a[px(y):px(y) + one.shape[0], px(x):px(x) + one.shape[1]] = one
    return cv2.GaussianBlur(a, (0, 0), .5 * dpi / 300)


def main(out):
    os.makedirs(out, exist_ok=True)
    rng, truth = np.random.default_rng(20261123), []

    def keep(name, a, texts, dpi, quality, whole):
        picture = Image.fromarray(np.clip(a, 0, 255).astype(np.uint8)).convert('RGB')
        picture.save(f'{out}/{name}.jpg', quality=quality, dpi=(dpi, dpi))
        truth.append(dict(file=f'{name}.jpg', dpi=dpi, texts=[TEXTS[text] for text in texts], page=whole))

    for name, text, module, damage, quality in faults(rng):
        keep(name, damage(code(TEXTS[text], module)), [text], 300, quality, False)
    for name, texts, mm, dpi, damage, quality in page_faults(rng):
        keep(name, damage(page(texts, mm, dpi, rng)), texts, dpi, quality, True)
    json.dump(truth, open(f'{out}/codes.json', 'w'), ensure_ascii=False, indent=1)
    print(len(truth), 'pictures with codes')


main(sys.argv[1])
