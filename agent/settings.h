#pragma once
#include <string>
#include <vector>

#include "agent/adapters/frappe_sink/frappe_sink.h"
#include "agent/adapters/modbus_source/modbus_source.h"
#include "agent/adapters/mqtt_source/mqtt_source.h"
#include "agent/adapters/serial_source/serial_source.h"
#include "agent/adapters/sqlite_store/sqlite_store.h"
#include "agent/config.h"
#include "agent/core/sync.h"
#include "agent/core/topic_rules.h"
#include "agent/core/weighbridge.h"
#include "agent/secrets.h"

/// The configuration in the words of the parts the composition root builds.
namespace edge {

StoreOptions store_options(const Config& config);
IngestRules ingest_rules(const Config& config);
FrappeSinkSettings sink_settings(const Config& config, const Secrets& secrets);
MqttSourceSettings mqtt_settings(const Config& config, const Secrets& secrets);
SyncSettings sync_settings(const Config& config);
/// The MQTT subscriptions of all topics.
std::vector<std::string> subscriptions(const Config& config);

/// Every scale, whichever line it is on.
std::vector<ScaleSetup> scale_setups(const Config& config);
/// The indicators on lines of their own.
std::vector<SerialSourceSettings> serial_settings(const Config& config);
/// The buses with their sensors and scales.
std::vector<ModbusBusSettings> bus_settings(const Config& config);

/// Puts back into `fresh` what a reload cannot change; true where that made a difference.
bool keep_fixed_parts(const Config& running, Config& fresh);

}  // namespace edge
