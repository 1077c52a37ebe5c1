// Anomaly scores of a random cut forest for the values of CSV files: Guha and others, "Robust Random Cut Forest Based
// Anomaly Detection On Streams", ICML 2016, by the library of its authors.
//
//   java -cp JAR:CLASSES Scores SHINGLE
//
// Reads lines `IN<TAB>OUT<TAB>SEED`. IN is a CSV file with a header, its second column the value. Writes to OUT one
// score a row, each before the forest has seen the value, and answers with a line: the number of rows. Every file has a
// forest of its own.

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import com.amazon.randomcutforest.RandomCutForest;

public final class Scores {
    /** As NAB's own run of it says: numberOfTrees, subSampleSize and timeDecay of its file random_cut_forest.sql. */
    private static final int TREES = 100;
    private static final int SAMPLE = 256;
    private static final double DECAY = 1.0 / 100_000;

    private Scores() {
    }

    public static void main(String[] arguments) throws IOException {
        int shingle = Integer.parseInt(arguments[0]);
        BufferedReader questions = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = questions.readLine(); line != null; line = questions.readLine()) {
            String[] parts = line.split("\t");
            System.out.println(score(Path.of(parts[0]), Path.of(parts[1]), Long.parseLong(parts[2]), shingle));
        }
    }

    private static int score(Path in, Path out, long seed, int shingle) throws IOException {
        RandomCutForest forest = RandomCutForest.builder()
                .dimensions(shingle)
                .shingleSize(shingle)
                .internalShinglingEnabled(shingle > 1)
                .numberOfTrees(TREES)
                .sampleSize(SAMPLE)
                .timeDecay(DECAY)
                .randomSeed(seed)
                .parallelExecutionEnabled(false)
                .build();
        List<String> lines = Files.readAllLines(in);
        try (PrintWriter scores = new PrintWriter(Files.newBufferedWriter(out))) {
            for (String line : lines.subList(1, lines.size())) {
                float[] value = { Float.parseFloat(line.split(",")[1]) };
                scores.println(forest.getAnomalyScore(value));
                forest.update(value);
            }
        }
        return lines.size() - 1;
    }
}
