"""Signs a PDF as its author with pyHanko, plainly and certified with each permission: author.py FILE KEY.pem CERTIFICATE.pem ROOT.pem."""

import sys

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers

file, key, certificate, root = sys.argv[1:]
signer = signers.SimpleSigner.load(key, certificate, ca_chain_files=[root])
for name, permission in [("plain", None)] + [(f"certified-{level.value}", level) for level in fields.MDPPerm]:
    certified = {} if permission is None else {"certify": True, "docmdp_permissions": permission}
    with open(file, "rb") as source, open(f"{name}.pdf", "wb") as target:
        metadata = signers.PdfSignatureMetadata(field_name="Author", **certified)
        signers.sign_pdf(IncrementalPdfFileWriter(source), metadata, signer=signer, output=target)
