import java.io.File;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import javax.xml.XMLConstants;
import javax.xml.transform.stream.StreamSource;
import javax.xml.validation.Schema;
import javax.xml.validation.SchemaFactory;
import org.w3c.dom.bootstrap.DOMImplementationRegistry;
import org.w3c.dom.ls.DOMImplementationLS;
import org.w3c.dom.ls.LSInput;

/** Validates files against the schema of ETSI TS 119 102-2 V1.4.1: Validate FOLDER FILE…, where FOLDER has the schemas. */
public class Validate {
    /** The schemas that the report's schema imports, under the names by which it does. */
    static final Map<String, String> IMPORTS = Map.of(
        "xmldsig-core-schema.xsd", "xmldsig-core-schema.xsd",
        "XAdES.xsd", "XAdES01903v132-202407.xsd",
        "ts_119612v020201_201601xsd.xsd", "ts_119612v020301_xsd.xsd",
        "xml.xsd", "xml.xsd");

    public static void main(String[] args) throws Exception {
        Path folder = Path.of(args[0]);
        SchemaFactory factory = SchemaFactory.newInstance(XMLConstants.W3C_XML_SCHEMA_NS_URI);
        DOMImplementationLS dom = (DOMImplementationLS) DOMImplementationRegistry.newInstance().getDOMImplementation("LS");
        factory.setResourceResolver((type, namespace, publicId, systemId, base) -> {
            String name = IMPORTS.get(systemId.substring(systemId.lastIndexOf('/') + 1));
            if (name == null) {
                throw new IllegalStateException("no local copy of " + systemId);
            }
            try {
                // The DTD of XML Schema itself would be fetched from the network.
                String text = Files.readString(folder.resolve(name), StandardCharsets.UTF_8)
                    .replaceFirst("<!DOCTYPE[^>\\[]*(\\[[^\\]]*\\])?\\s*>", "");
                LSInput input = dom.createLSInput();
                input.setSystemId(folder.resolve(name).toUri().toString());
                input.setCharacterStream(new StringReader(text));
                return input;
            } catch (java.io.IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
        Schema schema = factory.newSchema(new StreamSource(folder.resolve("TS119102-2-v141.xsd").toFile()));
        int invalid = 0;
        for (int i = 1; i < args.length; i++) {
            try {
                schema.newValidator().validate(new StreamSource(new File(args[i])));
            } catch (org.xml.sax.SAXException e) {
                invalid++;
                System.out.println(args[i] + ": " + e.getMessage());
            }
        }
        System.out.println((args.length - 1 - invalid) + " valid, " + invalid + " not");
        System.exit(invalid > 0 ? 1 : 0);
    }
}
