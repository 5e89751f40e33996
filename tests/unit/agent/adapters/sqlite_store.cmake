edge_test(sqlite_store_test SOURCES sqlite_store_test.cc sqlite_store_delivery_test.cc sqlite_store_space_test.cc
          LIBS edge_sqlite_store edge_test_support SQLiteCpp PkgConfig::sqlite3)
edge_test(sqlite_store_threads_test SOURCES sqlite_store_threads_test.cc LIBS edge_sqlite_store edge_test_support THREADS)
