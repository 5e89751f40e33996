/// Debian's Paho is not built with ThreadSanitizer, so the reference counts it touches inside its tokens are not seen:
/// whoever frees a token looks like a race with whoever let go of it before. Only the places that hold a token of
/// Paho's are named; what our handlers do with our own state stays watched.
extern "C" const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() {
  return "race:mqtt::async_client::remove_token\n"
         "race:edge::MqttSource::Body::connect\n"
         "race:edge::MqttSource::Body::disconnect\n";
}
