import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.StatementSet;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;

/**
 * The SQL job of the original pipeline, in a MiniCluster in this process, parallelism 1.
 *
 * <p>Arguments: brokers, topic of flags, topic of transactions, topic of results, then settings of Flink as name=value.
 */
public final class FlinkJob {
    public static void main(String[] args) {
        Configuration settings = new Configuration();
        for (int i = 4; i < args.length; i++) {
            int at = args[i].indexOf('=');
            settings.setString(args[i].substring(0, at), args[i].substring(at + 1));
        }
        StreamExecutionEnvironment env = StreamExecutionEnvironment.createLocalEnvironment(1, settings);
        StreamTableEnvironment tables = StreamTableEnvironment.create(env);
        String transaction = "account_id BIGINT, customer_id VARCHAR(15), merchant_type VARCHAR(8), transaction_id VARCHAR(16), "
                + "transaction_type VARCHAR(20), transaction_amount DECIMAL(10,2), transaction_date TIMESTAMP(3)";
        tables.executeSql("CREATE TABLE flagged_accounts (account_id BIGINT, flag_date TIMESTAMP(3)) WITH (" + source(args[0], args[1]) + ")");
        tables.executeSql("CREATE TABLE transactions (" + transaction + ") WITH (" + source(args[0], args[2]) + ")");
        tables.executeSql("CREATE TABLE flagged_transactions (" + transaction + ") WITH ('connector' = 'kafka', 'topic' = '" + args[3]
                + "', 'properties.bootstrap.servers' = '" + args[0] + "', 'key.format' = 'json', 'key.fields' = 'account_id;transaction_id', "
                + "'value.format' = 'json', 'sink.delivery-guarantee' = 'at-least-once')");
        StatementSet statements = tables.createStatementSet();
        statements.addInsertSql("INSERT INTO flagged_transactions SELECT t.* FROM transactions t JOIN flagged_accounts f "
                + "ON t.account_id = f.account_id AND t.transaction_date > f.flag_date");
        statements.execute();
    }

    private static String source(String brokers, String topic) {
        return "'connector' = 'kafka', 'topic' = '" + topic + "', 'properties.bootstrap.servers' = '" + brokers
                + "', 'properties.group.id' = '" + topic + "-flink', 'format' = 'json', 'scan.startup.mode' = 'earliest-offset'";
    }
}
