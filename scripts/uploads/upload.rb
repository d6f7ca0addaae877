# Uploads files with the standard library. Usage: ruby upload.rb URL TOKEN FILE...
require 'net/http'

url, token, *paths = ARGV
uri = URI(url)
paths.each do |path|
  request = Net::HTTP::Post.new(uri, 'Authorization' => "Bearer #{token}")
  request.set_form([['file', File.open(path)]], 'multipart/form-data')
  response = Net::HTTP.start(uri.host, uri.port, use_ssl: uri.scheme == 'https') { |http| http.request(request) }
  puts "#{response.code} #{response.body}"
end
