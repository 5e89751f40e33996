edge_test(sqlite_store_test
          SOURCES sqlite_store_conservation_test.cc sqlite_store_wal_test.cc
                  sqlite_store_dead_letter_bound_test.cc
                  sqlite_store_delivery_test.cc
                  sqlite_store_folding_test.cc
                  sqlite_store_lanes_test.cc
                  sqlite_store_replay_test.cc
                  sqlite_store_space_test.cc
                  sqlite_store_test.cc
                  sqlite_store_thinning_test.cc
                  sqlite_store_tickets_test.cc
                  sqlite_store_weighings_test.cc
          LIBS edge_core edge_sqlite_store edge_test_support SQLiteCpp PkgConfig::sqlite3)
edge_test(sqlite_store_recovery_test SOURCES sqlite_store_copy_test.cc sqlite_store_damage_test.cc sqlite_store_redelivery_test.cc
          sqlite_store_salvage_test.cc sqlite_store_torn_log_test.cc sqlite_store_upgrade_test.cc LIBS edge_core edge_sqlite_store edge_test_support SQLiteCpp PkgConfig::sqlite3)
edge_test(sqlite_store_disk_test SOURCES sqlite_store_disk_test.cc LIBS edge_sqlite_store edge_test_support ${CMAKE_DL_LIBS})
edge_test(sqlite_store_kill_test SOURCES sqlite_store_kill_test.cc LIBS edge_core edge_sqlite_store edge_test_support)
edge_test(sqlite_store_threads_test SOURCES sqlite_store_threads_test.cc LIBS edge_sqlite_store edge_test_support THREADS)
