// Is a PDF a PDF/A? verapdf.js FLAVOUR FILE...: one line for each file and each rule that it breaks.
importPackage(Packages.org.verapdf.pdfa, Packages.org.verapdf.pdfa.flavours);
Packages.org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider.initialise();
var flavour = PDFAFlavour.byFlavourId(arguments[0]);
for (var at = 1; at < arguments.length; at++) {
    var parser = Foundries.defaultInstance().createParser(new java.io.FileInputStream(arguments[at]), flavour);
    var result = Foundries.defaultInstance().createValidator(flavour, false).validate(parser);
    print(arguments[at] + (result.isCompliant() ? " PASS " : " FAIL ") + result.getTotalAssertions());
    for (var broken = result.getTestAssertions().iterator(); broken.hasNext(); ) {
        var one = broken.next();
        print("  " + one.getRuleId().getClause() + " " + one.getMessage() + " at " + one.getLocation().getContext());
    }
}
