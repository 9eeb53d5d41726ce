#!/usr/bin/env python3
"""motcua digitise beside OCRmyPDF: the same drawn pages, one machine, one run.

usage: bench.py MOTCUA WORK_FOLDER [--only 300:d1,200:d2] [--without-peer]

Time and processor time are those of the whole command per page; memory is that of its largest process; errors are edits
(Levenshtein) between what pdftotext reads in the PDF and what was drawn, in characters and in words, leaders left out.
"""
import argparse, json, os, re, subprocess, sys, time, unicodedata
from collections import Counter
from rapidfuzz.distance import Levenshtein

HERE = os.path.dirname(os.path.abspath(__file__))
BIN = os.path.dirname(sys.executable)
CORES = str(os.cpu_count() or 1)
# What the peer's own users set: everything that repairs a scan, and what gives the fewest errors.
FULL, BEST = 'OCRmyPDF --deskew --clean', 'OCRmyPDF --deskew, best model'


def plain(text):
    text = re.sub(r'[.…]{3,}', ' ', unicodedata.normalize('NFC', text))
    return re.sub(r'\s+', ' ', text).strip()


def timed(command, env=None):
    """Seconds, processor seconds, megabytes of the largest process; what it said goes into the error."""
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, **(env or {})})
    said = process.stdout.read().decode(errors='replace')
    _, status, used = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f'{" ".join(command[:3])} … failed:\n{said}')
    return time.monotonic() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def errors(pdf, pages, aside):
    """Letters wrong, words wrong, words not found wherever they stand: per cent. Of the orders in which a page's words can be told, the
    PDF's own, pdftotext's, and the program's own text file, the one that suits the program best."""
    texts = [subprocess.run(['pdftotext', *order, pdf, '-'], capture_output=True, text=True, check=True).stdout for order in (['-raw'], [])]
    if os.path.exists(aside):
        texts.append(open(aside).read())
    return min(errors_in(text.split('\f'), pages) for text in texts)


def errors_in(read, pages):
    letters = wrong_letters = words = wrong_words = lost = 0
    for page, text in zip(pages, read):
        drawn, text = plain(' '.join(page['lines'])), plain(text)
        letters += len(drawn)
        wrong_letters += Levenshtein.distance(drawn, text)
        words += len(drawn.split())
        wrong_words += Levenshtein.distance(drawn.split(), text.split())
        lost += sum((Counter(drawn.split()) - Counter(text.split())).values())
    return 100 * wrong_letters / letters, 100 * wrong_words / words, 100 * lost / words


def kilobytes(pdf, pages):
    return os.path.getsize(pdf) / 1024 / len(pages)


def main():
    asked = argparse.ArgumentParser()
    asked.add_argument('motcua')
    asked.add_argument('work')
    asked.add_argument('--only', help='such as 300:d1,200:d2')
    asked.add_argument('--without-peer', action='store_true')
    asked = asked.parse_args()
    truth = json.load(open(f'{asked.work}/pages/truth.json'))['pages']
    sets = asked.only.split(',') if asked.only else [f'{dpi}:{level}' for dpi in (200, 300) for level in ('clean', 'd1', 'd2')]
    missed = []
    print('| pages | program | s a page | processor s a page | MB | kB a page | letters wrong | words wrong | words not found |\n|---|---|---|---|---|---|---|---|---|')
    for one in sets:
        dpi, level = one.split(':')
        pages = [page for page in truth if page['dpi'] == int(dpi) and page['level'] == level]
        files = [f'{asked.work}/pages/{page["file"]}' for page in pages]
        together = f'{asked.work}/in.pdf'
        subprocess.run([f'{BIN}/img2pdf', '--imgsize', f'{dpi}dpi', '-o', together, *files], check=True, stderr=subprocess.DEVNULL)
        aside = f'{asked.work}/out.txt'
        peer = [f'{BIN}/ocrmypdf', '-l', 'vie', '-j', CORES, '--deskew', '--sidecar', aside]
        best = {'TESSDATA_PREFIX': f'{asked.work}/best'}
        runs = [('motcua digitise', lambda out: [asked.motcua, 'digitise', *files, '--dpi', dpi, '-o', out], None)]
        if not asked.without_peer:
            runs.append((FULL, lambda out: [*peer, '--clean', together, out], None))
            if os.path.exists(f'{asked.work}/best/vie.traineddata'):
                runs.append((BEST, lambda out: [*peer, together, out], best))
        told = {}
        for name, command, env in runs:
            out = f'{asked.work}/out.pdf'
            for old in (out, aside):
                if os.path.exists(old):
                    os.remove(old)
            seconds, processor, memory = timed(command(out), env)
            size = kilobytes(out, pages)
            letters, words, lost = errors(out, pages, aside)
            told[name] = (seconds, processor, memory, size, letters)
            print(f'| {dpi} dpi {level} | {name} | {seconds / len(pages):.2f} | {processor / len(pages):.2f} | {memory:.0f} | {size:.0f} '
                  f'| {letters:.2f} % | {words:.2f} % | {lost:.2f} % |', flush=True)
        # What a smaller copy would be; it reads the same scans, so only its size is another.
        out = f'{asked.work}/small.pdf'
        if os.path.exists(out):
            os.remove(out)
        timed([asked.motcua, 'digitise', *files, '--dpi', dpi, '--quality', '60', '-o', out])
        print(f'| {dpi} dpi {level} | motcua digitise --quality 60 | | | | {kilobytes(out, pages):.0f} | | | |', flush=True)
        ours = told.pop('motcua digitise')
        if ours[2] > 300:
            missed.append(f'{one}: {ours[2]:.0f} MB of 300')
        if FULL in told:
            full = told[FULL]
            share = {'clean': 2, 'd1': 3, 'd2': 6}[level]
            for what, at, part in (('time', 0, 4), ('processor time', 1, 4), ('errors', 4, share), ('size', 3, 1)):
                if ours[at] * part > full[at]:
                    missed.append(f'{one}: {what} {ours[at]:.2f}, 1/{part} of the peer is {full[at] / part:.2f}')
        if BEST in told and ours[4] > told[BEST][4]:
            missed.append(f'{one}: errors {ours[4]:.2f} %, the peer at its best {told[BEST][4]:.2f} %')
    print('\n' + ('\n'.join(['missed:', *missed]) if missed else 'every goal is met'))


main()
