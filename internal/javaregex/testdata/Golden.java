import java.nio.file.*;
import java.util.*;
import java.util.regex.*;

// Golden writes what java.util.regex makes of cases.tsv: java Golden.java cases.tsv > java.tsv
// A line is the expression, the text, and the places of the match of the whole text and of the first match inside, with groups, in characters.
public class Golden {
    public static void main(String[] args) throws Exception {
        System.setOut(new java.io.PrintStream(new java.io.FileOutputStream(java.io.FileDescriptor.out), true, "UTF-8"));
        for (String line : Files.readAllLines(Path.of(args[0]))) {
            String[] f = line.split("\t", 2);
            try {
                Pattern p = Pattern.compile(f[0]);
                Matcher whole = p.matcher(f[1]), inner = p.matcher(f[1]);
                System.out.println(line + "\t" + (whole.matches() ? places(whole) : "none") + "\t" + (inner.find() ? places(inner) : "none"));
            } catch (PatternSyntaxException e) {
                System.out.println(line + "\trefused\trefused");
            }
        }
    }

    static String places(Matcher m) {
        StringJoiner j = new StringJoiner(",");
        for (int i = 0; i <= m.groupCount(); i++) j.add(m.start(i) + "-" + m.end(i));
        return j.toString();
    }
}
