#pragma once
#include <string>
#include <string_view>

/// The example records of wire.md §3, on one line each.
namespace edge::wire::examples {

inline constexpr std::string_view kObservation =
    R"({"kind":"observation","uid":"6f24299c07187094bab81ef655773fca","seq":184467,"identity":"content","site":"silo-a","device":"bin3-t1",)"
    R"("type":"temperature","index":0,"observed_at":1771840800000,"received_at":1771840800412,"time_source":"device","clock":"synced",)"
    R"("boot":"5f0c9a1e","mono_ms":86400123,"value":"28.50","unit":"C","flag":"OK","reasons":[],"policy_version":"1771500000000",)"
    R"("backfilled":false,"raw":"{\"metric\":\"temperature\",\"value\":28.50,\"unit\":\"C\",\"ts\":\"2026-02-23T10:00:00Z\"}","raw_bytes":77,)"
    R"("raw_sha256":"fc4bfdc284517c21b8601e716c32b2606a7bdf37e6511ac2ca126b7c671b4af0"})";

inline constexpr std::string_view kWeighing =
    R"({"kind":"weighing","uid":"932a4af8e6c52ebde94c2cf4d3109adc","seq":184468,"site":"silo-a","scale":"ws1","alibi_seq":412,"at":1771841101250,)"
    R"("clock":"synced","boot":"5f0c9a1e","mono_ms":86701373,"value":"38440","unit":"kg","kg":"38440.000","e":"20","mode":"gross","role":"gross",)"
    R"("stability":"Indicator","stable_ms":1200,"spread":"0","zero_seen_at":1771841040000,"profile":"toledo","checksum":"ok",)"
    R"("raw_hex":"023130203030333834343030303030300d1d","manual":false,"operator":"op-7",)"
    R"("prev_hash":"6da0633528deaa0144e7b058315f0b753ec0b945163a72bf96a0d18180f9de0d",)"
    R"("hash":"16f417ca4d81a512b68bdec76bf9d61acd4863d0aa2017a1cd1e71c1d4cff889"})";

inline constexpr std::string_view kTicket =
    R"({"kind":"scale_ticket","uid":"d72822587bbbced61a39f584cd0c6b14","seq":184469,"site":"silo-a","scale":"ws1","action":"complete",)"
    R"("number":"silo-a-S1-3-000207","at":1771843020500,"direction":"Receive","unit":"kg","gross":"38440","tare":"14580","net":"23860",)"
    R"("gross_kg":"38440.000","tare_kg":"14580.000","net_kg":"23860.000","gross_weighing":"932a4af8e6c52ebde94c2cf4d3109adc",)"
    R"("tare_weighing":"cb560f5cdeed2b42a62eb70505f8f62f","declared_net_kg":"24800","order":"EWO-0031","lot":"LOT-2026-14","vehicle":"AB-123-C",)"
    R"("driver":"…","operator":"op-7","stability":"Indicator","manual":false,"prints":1,)"
    R"("mismatch":true,"reasons":["net_vs_declared:-3.79%"],"difference_kg":"-940.000","difference_pct":"3.79","policy_version":"1771500000000",)"
    R"("alibi_hash":"3947686b2992ed98501015f545c98b4b7ce8199a7b82ba7a526ad6569bd15a3c"})";

inline constexpr std::string_view kGap =
    R"({"kind":"gap","uid":"38693d4fbe01fef8420f519760b0d42e","seq":184470,"site":"silo-a","device":"bin3-t1","from_seq":90112,"to_seq":94207,)"
    R"("from_at":1771700000000,"to_at":1771703600000,"count":3991,"reason":"thinned_ok"})";

inline constexpr std::string_view kAmend =
    R"({"kind":"amend","uid":"804532d4d937d83fa48a637d11f2eecf","seq":184471,"target":"6f24299c07187094bab81ef655773fca","cause":"spike",)"
    R"("flag":"Warning","reasons":["spike:6.2"],"policy_version":"1771500000000"})";

inline constexpr std::string_view kVoid =
    R"({"kind":"scale_ticket","uid":"d72822587bbbced61a39f584cd0c6b14","seq":184472,"site":"silo-a","scale":"ws1","action":"void",)"
    R"("at":1771843030000,"operator":"op-7","voids":"d72822587bbbced61a39f584cd0c6b15","reason":"wrong lot"})";

inline constexpr std::string_view kGenesis =
    R"({"kind":"weighing","uid":"932a4af8e6c52ebde94c2cf4d3109adc","seq":1,"epoch":"p5f0c9a1e","site":"silo-a","scale":"ws1","alibi_seq":0,)"
    R"("at":1771841101250,"clock":"unsynced","role":"genesis","manual":false,)"
    R"("prev_hash":"0000000000000000000000000000000000000000000000000000000000000000",)"
    R"("hash":"16f417ca4d81a512b68bdec76bf9d61acd4863d0aa2017a1cd1e71c1d4cff889",)"
    R"("genesis":{"epoch":"2","alibi_seq":411,"hash":"6da0633528deaa0144e7b058315f0b753ec0b945163a72bf96a0d18180f9de0d"}})";

}  // namespace edge::wire::examples
