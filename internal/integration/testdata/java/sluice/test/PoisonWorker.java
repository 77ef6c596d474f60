package sluice.test;

import com.sun.net.httpserver.HttpServer;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import javax.management.MBeanAttributeInfo;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.apache.kafka.connect.cli.ConnectStandalone;
import org.apache.log4j.AppenderSkeleton;
import org.apache.log4j.Logger;
import org.apache.log4j.spi.LoggingEvent;

/**
 * A worker of Kafka Connect that also tells what cannot be asked for over its REST API: GET /NAME on the port in the first argument answers with
 * the lines that a connector has left in its error log, what its sink has accepted, and the error counters of its task. The second
 * argument is the worker's properties file.
 */
public final class PoisonWorker {
    private static final Map<String, List<String>> LOGGED = new ConcurrentHashMap<>();

    private PoisonWorker() { }

    public static void main(String[] args) throws Exception {
        Logger.getLogger("org.apache.kafka.connect.runtime.errors").addAppender(new AppenderSkeleton() {
            @Override
            protected void append(LoggingEvent event) {
                String thrown = event.getThrowableInformation() == null ? "" : event.getThrowableStrRep()[0];
                LOGGED.computeIfAbsent(String.valueOf(event.getMDC("connector.context")).replaceAll("^\\[|\\|.*$", ""),
                    k -> Collections.synchronizedList(new ArrayList<>())).add(event.getLevel() + " " + event.getRenderedMessage() + "\t" + thrown);
            }

            @Override
            public void close() { }

            @Override
            public boolean requiresLayout() {
                return false;
            }
        });
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(args[0])), 0);
        server.createContext("/", exchange -> {
            byte[] answer = tell(exchange.getRequestURI().getPath().substring(1)).getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
        });
        server.start();
        ConnectStandalone.main(Arrays.copyOfRange(args, 1, args.length));
    }

    private static String tell(String connector) {
        StringBuilder out = new StringBuilder();
        for (String line : LOGGED.getOrDefault(connector, List.of())) {
            out.append("log ").append(line.replace("\n", "\\n")).append('\n');
        }
        for (String value : PoisonSinkTask.ACCEPTED.getOrDefault(connector, List.of())) {
            out.append("accepted ").append(value).append('\n');
        }
        try {
            MBeanServer beans = ManagementFactory.getPlatformMBeanServer();
            ObjectName name = new ObjectName("kafka.connect:type=task-error-metrics,connector=" + connector + ",task=0");
            Map<String, Object> values = new TreeMap<>();
            for (MBeanAttributeInfo a : beans.getMBeanInfo(name).getAttributes()) {
                values.put(a.getName(), beans.getAttribute(name, a.getName()));
            }
            for (Map.Entry<String, Object> e : values.entrySet()) {
                out.append("metric ").append(e.getKey()).append(' ').append(((Number) e.getValue()).longValue()).append('\n');
            }
        } catch (Exception e) {
            out.append("no metrics: ").append(e).append('\n');
        }
        return out.toString();
    }
}
