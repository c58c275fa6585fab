import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.spi.validation.CommonCertificateVerifier;
import eu.europa.esig.dss.validation.SignedDocumentValidator;
import eu.europa.esig.dss.validation.reports.Reports;
import eu.europa.esig.dss.diagnostic.*;
import eu.europa.esig.dss.simplereport.SimpleReport;
import java.io.*;
import java.nio.file.*;
import java.util.*;
import java.util.concurrent.*;

/** Prints one line a file: path, milliseconds, signatures, and of each: kind, intact, valid, indication, findings. */
public class Check {
  public static void main(String[] args) throws Exception {
    ExecutorService pool = Executors.newCachedThreadPool(r -> { Thread t = new Thread(r); t.setDaemon(true); return t; });
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
    PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, "UTF-8");
    System.setOut(System.err);
    for (String path; (path = in.readLine()) != null; ) {
      final String p = path;
      long start = System.nanoTime();
      Future<String> f = pool.submit(() -> check(p));
      String answer;
      try { answer = f.get(30, TimeUnit.SECONDS); }
      catch (TimeoutException e) { answer = "hang"; f.cancel(true); }
      catch (ExecutionException e) { answer = "error " + String.valueOf(e.getCause()).replaceAll("\\s+", " "); }
      out.println(p + "\t" + (System.nanoTime() - start) / 1000000 + "\t" + answer);
    }
    System.exit(0);
  }

  static String check(String path) {
    SignedDocumentValidator v = SignedDocumentValidator.fromDocument(new FileDocument(path));
    v.setCertificateVerifier(new CommonCertificateVerifier());
    Reports reports = v.validateDocument();
    SimpleReport simple = reports.getSimpleReport();
    StringBuilder out = new StringBuilder();
    List<String> parts = new ArrayList<>();
    for (SignatureWrapper s : reports.getDiagnosticData().getSignatures()) {
      boolean refs = s.getDigestMatchers().stream().allMatch(d -> d.isDataFound() && d.isDataIntact());
      List<String> notes = new ArrayList<>();
      if (s.arePdfModificationsDetected()) notes.add("modifications");
      if (s.getPdfUndefinedChanges() != null && !s.getPdfUndefinedChanges().isEmpty()) notes.add("undefined-changes");
      if (s.getPdfAnnotationChanges() != null && !s.getPdfAnnotationChanges().isEmpty()) notes.add("annotation-changes");
      if (!s.isPdfSignatureDictionaryConsistent()) notes.add("dictionary-inconsistent");
      if (!s.isSignatureByteRangeValid()) notes.add("byte-range");
      for (Object m : simple.getAdESValidationWarnings(s.getId())) notes.add("W:" + text(m));
      for (Object m : simple.getAdESValidationErrors(s.getId())) notes.add("E:" + text(m));
      parts.add("sig " + (refs && s.isSignatureIntact()) + " " + s.isSignatureValid() + " " + simple.getIndication(s.getId())
          + "/" + simple.getSubIndication(s.getId()) + " " + String.join(";", notes));
    }
    for (TimestampWrapper t : reports.getDiagnosticData().getTimestampList()) {
      if (t.getType() != null && t.getType().name().contains("DOCUMENT"))
        parts.add("ts " + (t.isMessageImprintDataFound() && t.isMessageImprintDataIntact()) + " " + t.isSignatureValid() + " "
          + simple.getIndication(t.getId()) + "/" + simple.getSubIndication(t.getId()) + " ");
    }
    return parts.size() + "\t" + String.join("\t", parts);
  }

  static String text(Object m) {
    try { return String.valueOf(m.getClass().getMethod("getValue").invoke(m)).replaceAll("\\s+", " "); }
    catch (Exception e) { return m.toString(); }
  }
}
