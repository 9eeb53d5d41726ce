"""Judges the signatures of a PDF with pyHanko: judge.py FILE ROOT.pem; one line for each signature."""

import sys

from asn1crypto import pem, x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature, validate_pdf_timestamp
from pyhanko_certvalidator import ValidationContext

file, root = sys.argv[1:]
with open(root, "rb") as stream:
    _, _, der = pem.unarmor(stream.read())
trust = ValidationContext(trust_roots=[x509.Certificate.load(der)], allow_fetching=False)
with open(file, "rb") as stream:
    reader = PdfFileReader(stream)
    for signature in reader.embedded_signatures:
        if signature.sig_object_type == "/DocTimeStamp":
            status = validate_pdf_timestamp(signature, trust)
        else:
            status = validate_pdf_signature(signature, trust)
        attributes = sorted(attribute["type"].native for attribute in signature.signer_info["signed_attrs"])
        print(
            signature.field_name,
            signature.sig_object_type,
            signature.sig_object["/SubFilter"],
            "intact" if status.intact else "CHANGED",
            "valid" if status.valid else "INVALID",
            "trusted" if status.trusted else "UNTRUSTED",
            status.coverage.name,
            getattr(status.modification_level, "name", "-"),
            # A time stamp has none of its own.
            "bottom-line" if getattr(status, "bottom_line", status.intact and status.valid and status.trusted) else "NOT-OK",
            signature.signer_info["signature_algorithm"]["algorithm"].native,
            ",".join(attributes),
        )
