// Writes 5,000 records with the Java client, whose framing of Snappy and LZ4 is not librdkafka's, to <topic>.<codec> for
// each codec named behind brokers and topic.

import java.util.Properties;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;

class Produce {
  public static void main(String[] args) {
    for (int n = 2; n < args.length; n++) produce(args[0], args[1] + "." + args[n], args[n]);
  }

  private static void produce(String brokers, String topic, String codec) {
    Properties properties = new Properties();
    properties.put("bootstrap.servers", brokers);
    properties.put("compression.type", codec);
    properties.put("linger.ms", "50");
    properties.put("batch.size", "200000");
    properties.put("key.serializer", "org.apache.kafka.common.serialization.StringSerializer");
    properties.put("value.serializer", "org.apache.kafka.common.serialization.StringSerializer");
    try (KafkaProducer<String, String> producer = new KafkaProducer<>(properties)) {
      for (int n = 0; n < 5000; n++) {
        String value = "{\"metric\":\"cpu\",\"n\":" + n + ",\"pad\":\"" + Integer.toHexString(n * 2654435) + "\"}";
        producer.send(new ProducerRecord<>(topic, "host-" + n % 7, value));
      }
    }
  }
}
