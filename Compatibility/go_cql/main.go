// What an application does with gocql, as one line of JSON: arguments are host, port, protocol, compression, keyspace.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"net"
	"os"
	"reflect"
	"strconv"
	"time"

	"github.com/gocql/gocql"
	"gopkg.in/inf.v0"
)

var seen = map[string]interface{}{}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func number(text string) int {
	value, err := strconv.Atoi(text)
	must(err)
	return value
}

func connect(keyspace string) *gocql.Session {
	cluster := gocql.NewCluster(os.Args[1])
	cluster.Port = number(os.Args[2])
	cluster.ProtoVersion = number(os.Args[3])
	cluster.Keyspace = keyspace
	cluster.Timeout = 20 * time.Second
	cluster.ConnectTimeout = 20 * time.Second
	cluster.PoolConfig.HostSelectionPolicy = gocql.TokenAwareHostPolicy(gocql.RoundRobinHostPolicy())
	if os.Args[4] == "snappy" {
		cluster.Compressor = gocql.SnappyCompressor{}
	}
	session, err := cluster.CreateSession()
	must(err)
	return session
}

func main() {
	keyspace := os.Args[5]
	first := connect("")
	must(first.Query("DROP KEYSPACE IF EXISTS " + keyspace).Exec())
	must(first.Query("CREATE KEYSPACE " + keyspace +
		" WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}").Exec())
	first.Close()
	session := connect(keyspace)
	schema(session, keyspace)
	rows(session)
	batches(session)
	conditions(session)
	altered(session)
	errors(session)
	types(session)
	must(session.Query("DROP KEYSPACE " + keyspace).Exec())
	session.Close()
	text, err := json.Marshal(seen)
	must(err)
	fmt.Println(string(text))
}

func schema(session *gocql.Session, keyspace string) {
	must(session.Query("CREATE TYPE address (street text, zip int)").Exec())
	must(session.Query("CREATE TABLE people (id int, at timestamp, name text static, home frozen<address>," +
		" PRIMARY KEY (id, at)) WITH CLUSTERING ORDER BY (at DESC)").Exec())
	must(session.AwaitSchemaAgreement(context.Background()))
	// The driver looks at changes of the schema a second late; another session sees them at once.
	other := connect(keyspace)
	defer other.Close()
	metadata, err := other.KeyspaceMetadata(keyspace)
	must(err)
	table := metadata.Tables["people"]
	seen["schema"] = []interface{}{
		table.PartitionKey[0].Name, table.ClusteringColumns[0].Name, bool(table.ClusteringColumns[0].Order),
		len(table.Columns), len(metadata.UserTypes), metadata.StrategyClass,
	}
}

func rows(session *gocql.Session) {
	must(session.Query("CREATE TABLE numbers (k int PRIMARY KEY, v text, w int)").Exec())
	for k := 0; k < 100; k++ {
		must(session.Query("INSERT INTO numbers (k, v, w) VALUES (?, ?, ?)", k, fmt.Sprint("n", k), gocql.UnsetValue).Exec())
	}
	var v string
	must(session.Query("SELECT v FROM numbers WHERE k = ?", 42).Scan(&v))
	count, k := 0, 0
	pages := session.Query("SELECT k FROM numbers").PageSize(7).Iter()
	for pages.Scan(&k) {
		count++
	}
	must(pages.Close())
	page := session.Query("SELECT k FROM numbers").PageSize(60).PageState(nil).Iter()
	state := page.PageState()
	must(page.Close())
	rest := session.Query("SELECT k FROM numbers").PageSize(60).PageState(state).Iter()
	left := rest.NumRows()
	must(rest.Close())
	seen["rows"] = []interface{}{v, count, left}
}

func batches(session *gocql.Session) {
	batch := session.NewBatch(gocql.LoggedBatch)
	batch.Query("INSERT INTO numbers (k, v) VALUES (?, ?)", 1000, "a")
	batch.Query("INSERT INTO numbers (k, v) VALUES (?, ?)", 1001, "b")
	batch.Query("DELETE FROM numbers WHERE k = 7")
	must(session.ExecuteBatch(batch))
	must(session.Query("CREATE TABLE counts (k int PRIMARY KEY, c counter)").Exec())
	counters := session.NewBatch(gocql.CounterBatch)
	counters.Query("UPDATE counts SET c = c + ? WHERE k = ?", int64(5), 1)
	counters.Query("UPDATE counts SET c = c - 2 WHERE k = 1")
	must(session.ExecuteBatch(counters))
	var left, counted int64
	must(session.Query("SELECT count(*) FROM numbers").Scan(&left))
	must(session.Query("SELECT c FROM counts WHERE k = 1").Scan(&counted))
	seen["batches"] = []interface{}{left, counted}
}

func conditions(session *gocql.Session) {
	applied := []interface{}{}
	for range []int{1, 2} {
		found := map[string]interface{}{}
		yes, err := session.Query("INSERT INTO numbers (k, v) VALUES (?, ?) IF NOT EXISTS", 5000, "x").MapScanCAS(found)
		must(err)
		applied = append(applied, yes, found["v"])
	}
	batch := session.NewBatch(gocql.LoggedBatch)
	batch.Query("UPDATE numbers SET v = ? WHERE k = ? IF v = ?", "z", 5000, "x")
	found := map[string]interface{}{}
	yes, iter, err := session.MapExecuteBatchCAS(batch, found)
	must(err)
	must(iter.Close())
	seen["conditions"] = append(applied, yes)
}

func altered(session *gocql.Session) {
	before := map[string]interface{}{}
	must(session.Query("SELECT * FROM numbers WHERE k = ?", 42).MapScan(before))
	must(session.Query("ALTER TABLE numbers ADD a text").Exec())
	must(session.Query("INSERT INTO numbers (k, a) VALUES (42, 'new')").Exec())
	after := map[string]interface{}{}
	must(session.Query("SELECT * FROM numbers WHERE k = ?", 42).MapScan(after))
	seen["altered"] = []interface{}{len(before), len(after), after["a"], after["v"]}
}

func errors(session *gocql.Session) {
	codes := []interface{}{}
	for _, statement := range []string{
		"SELEC", "SELECT nothing FROM numbers", "CREATE TABLE numbers (k int PRIMARY KEY)",
		"DROP KEYSPACE system",
	} {
		code := 0
		if failure, ok := session.Query(statement).Exec().(gocql.RequestError); ok {
			code = failure.Code()
		}
		codes = append(codes, code)
	}
	seen["errors"] = codes
}

type field struct {
	kind  string
	value interface{}
}

// Each value goes in by a prepared statement and comes out into a variable of the same Go type.
func types(session *gocql.Session) {
	fields := []field{
		{"ascii", "plain"}, {"bigint", int64(-1 << 63)}, {"blob", []byte{0, 1, 255}}, {"boolean", true},
		{"decimal", inf.NewDec(-1234567890123, 5)}, {"double", 1.5e300}, {"float", float32(0.25)},
		{"inet", net.ParseIP("2001:db8::1")}, {"int", 1<<31 - 1}, {"text", "größer \x00 😀"},
		{"timestamp", time.UnixMilli(-1).UTC()}, {"timeuuid", gocql.TimeUUID()}, {"uuid", gocql.MustRandomUUID()},
		{"varint", new(big.Int).Lsh(big.NewInt(-1), 200)}, {"list<int>", []int{3, 1, 2}},
		{"set<text>", []string{"a", "b"}}, {"map<text, int>", map[string]int{"a": 1, "b": 2}},
		{"frozen<list<frozen<list<int>>>>", [][]int{{1}, {}, {2, 3}}},
	}
	if os.Args[3] != "3" {
		fields = append(fields, field{"smallint", int16(-2)}, field{"tinyint", int8(-128)},
			field{"date", time.Date(1969, 12, 31, 0, 0, 0, 0, time.UTC)}, field{"time", 23 * time.Hour},
			field{"duration", gocql.Duration{Months: 1, Days: 2, Nanoseconds: 3}})
	}
	wrong := []string{}
	for index, one := range fields {
		must(session.Query(fmt.Sprintf("CREATE TABLE t%d (k int PRIMARY KEY, v %s)", index, one.kind)).Exec())
		must(session.Query(fmt.Sprintf("INSERT INTO t%d (k, v) VALUES (1, ?)", index), one.value).Exec())
		found := reflect.New(reflect.TypeOf(one.value))
		must(session.Query(fmt.Sprintf("SELECT v FROM t%d WHERE k = 1", index)).Scan(found.Interface()))
		got := found.Elem().Interface()
		if fmt.Sprint(got) != fmt.Sprint(one.value) {
			wrong = append(wrong, fmt.Sprintf("%s: %v became %v", one.kind, one.value, got))
		}
	}
	seen["types"] = wrong
}
