// Uploads files with a library. Usage: java -cp JARS Upload.java apache|okhttp URL TOKEN FILE...
import java.io.File;
import java.util.Arrays;
import okhttp3.MultipartBody;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import org.apache.http.client.methods.HttpPost;
import org.apache.http.entity.mime.HttpMultipartMode;
import org.apache.http.entity.mime.MultipartEntityBuilder;
import org.apache.http.impl.client.HttpClients;
import org.apache.http.util.EntityUtils;

public class Upload {
    public static void main(String[] arguments) throws Exception {
        for (var path : Arrays.asList(arguments).subList(3, arguments.length)) {
            var file = new File(path);
            var isApache = arguments[0].equals("apache");
            System.out.println(isApache ? apache(arguments[1], arguments[2], file) : okhttp(arguments[1], arguments[2], file));
        }
        // OkHttp's connection pool would keep the process alive for a minute.
        System.exit(0);
    }

    static String apache(String url, String token, File file) throws Exception {
        try (var client = HttpClients.createDefault()) {
            var request = new HttpPost(url);
            request.setHeader("Authorization", "Bearer " + token);
            // The default sends names in ASCII.
            var form = MultipartEntityBuilder.create().setMode(HttpMultipartMode.RFC6532);
            request.setEntity(form.addBinaryBody("file", file).build());
            var response = client.execute(request);
            return response.getStatusLine().getStatusCode() + " " + EntityUtils.toString(response.getEntity());
        }
    }

    static String okhttp(String url, String token, File file) throws Exception {
        var form = new MultipartBody.Builder().setType(MultipartBody.FORM);
        form.addFormDataPart("file", file.getName(), RequestBody.create(null, file));
        var request = new Request.Builder().url(url).header("Authorization", "Bearer " + token).post(form.build());
        var response = new OkHttpClient().newCall(request.build()).execute();
        return response.code() + " " + response.body().string();
    }
}
