<?php
// Uploads files with the extension curl. Usage: php upload.php URL TOKEN FILE...
[, $url, $token] = $argv;
foreach (array_slice($argv, 3) as $path) {
    $request = curl_init($url);
    curl_setopt_array($request, [
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_HTTPHEADER => ["Authorization: Bearer $token"],
        CURLOPT_POSTFIELDS => ['file' => new CURLFile($path)],
    ]);
    $body = curl_exec($request);
    echo curl_getinfo($request, CURLINFO_RESPONSE_CODE), ' ', $body, "\n";
}
