"""The programs of programs.py: what they do, and what they are granted beside what was learned."""
from dataclasses import dataclass, field


@dataclass
class Program:
    needs: list[str]
    command: list[str]  # PORT and DIR are replaced, as in all that follows
    must: str  # stands in the output, so that there is something to compare
    files: dict[str, str] = field(default_factory=dict)
    client: list[str] = field(default_factory=list)  # the command is a server, and this one asks it, unconfined
    lines: str = "net none\n"
    options: list[str] = field(default_factory=list)
    recordings: int = 2


NGINX = """\
daemon off;
pid DIR/nginx.pid;
worker_processes 2;
events { worker_connections 64; }
http {
  access_log DIR/access.log;
  client_body_temp_path DIR/body; proxy_temp_path DIR/proxy; fastcgi_temp_path DIR/fastcgi;
  uwsgi_temp_path DIR/uwsgi; scgi_temp_path DIR/scgi;
  gzip on; gzip_min_length 1;
  server {
    listen 127.0.0.1:PORT;
    root DIR;
    location /list { autoindex on; alias DIR/; }
  }
}
"""

PYTHON = """\
import concurrent.futures, hashlib, json, pathlib, sqlite3, subprocess, tempfile, threading
text = json.dumps({"numbers": list(range(20))})
print(hashlib.sha256(text.encode()).hexdigest())
with concurrent.futures.ThreadPoolExecutor(4) as pool:
    print(sum(pool.map(lambda n: n * n, range(1000))))
print(subprocess.run(["/bin/echo", "from a child"], capture_output=True, text=True).stdout, end="")
with tempfile.TemporaryDirectory(dir=".") as name:
    path = pathlib.Path(name) / "f"
    path.write_text("hello\\n")
    print(path.read_text(), end="")
base = sqlite3.connect("base.db")
base.execute("create table t(a, b)")
base.executemany("insert into t values(?, ?)", [(n, str(n)) for n in range(100)])
base.commit()
print(base.execute("select count(*), sum(a) from t").fetchone())
"""

SERVER = """\
import http.server, signal, sys
signal.signal(signal.SIGTERM, lambda *unused: sys.exit(0))
http.server.ThreadingHTTPServer(("127.0.0.1", PORT), http.server.SimpleHTTPRequestHandler).serve_forever()
"""

NODE = """\
const http = require('http'), fs = require('fs'), crypto = require('crypto'), zlib = require('zlib');
const { Worker } = require('worker_threads'), { execFileSync } = require('child_process');
console.log(crypto.createHash('sha256').update('x').digest('hex'));
fs.writeFileSync('made', zlib.gzipSync('hello'));
console.log(zlib.gunzipSync(fs.readFileSync('made')).toString());
console.log(execFileSync('/bin/echo', ['from a child']).toString().trim());
new Worker("require('worker_threads').parentPort.postMessage(6 * 7)", { eval: true }).on('message', (m) => {
  console.log(m);
  const server = http.createServer((request, response) => response.end('you asked for ' + request.url));
  server.listen(PORT, '127.0.0.1', () => http.get({ host: '127.0.0.1', port: PORT, path: '/a', agent: false }, (answer) => {
    answer.on('data', (data) => console.log(data.toString()));
    answer.on('end', () => server.close());
  }));
});
"""

GIT = """\
set -e
export GIT_CONFIG_NOSYSTEM=1
git init -q -b main repository
cd repository
git config user.name A; git config user.email a@example.org
export GIT_AUTHOR_DATE=2024-01-01T00:00:00Z GIT_COMMITTER_DATE=2024-01-01T00:00:00Z
for n in 1 2 3; do echo $n >>file; git add file; git commit -q -m "change $n"; done
git checkout -q -b other HEAD~1; echo x >other; git add other; git commit -q -m other
git merge -q -m merged main
git log --oneline --graph; git diff HEAD~1 --stat | cat; git fsck 2>&1
cd ..; git clone -q repository copy; git -C copy log -1 --format=%H; git -C copy gc -q; git -C copy status
"""

GCC = """\
set -e
gcc -O2 -Wall -c one.c -o one.o
gcc -O2 -Wall -c two.c -o two.o
gcc one.o two.o -lm -o program
./program
gcc -S -o - two.c | grep -c twice
"""

TAR = """\
set -e
mkdir -p tree/deep/er; seq 1 2000 >tree/numbers; echo hello >tree/deep/er/file; ln -s ../numbers tree/deep/link
chmod 640 tree/numbers; touch -d 2024-01-01 tree/numbers tree/deep/er/file tree
for how in --gzip --xz --bzip2; do
  command -v ${how#--} >/dev/null || continue
  tar $how -cf a.tar --sort=name --mtime=2024-01-01 tree; rm -rf out; mkdir out; tar $how -xf a.tar -C out
  tar $how -tf a.tar | sort; (cd out && find . -type f -exec md5sum {} + | sort -k 2)
done
"""

CURL = """\
set -e
curl -sS http://127.0.0.1:PORT/page.html
curl -sS -o got -w '%{http_code} %{size_download}\\n' http://127.0.0.1:PORT/numbers
cmp got numbers && echo same
curl -sS -o /dev/null -w '%{http_code}\\n' http://127.0.0.1:PORT/none
curl -sS -I http://127.0.0.1:PORT/page.html | head -1
kill $(cat server.pid)
"""

SQL = """\
PRAGMA journal_mode=WAL;
CREATE TABLE people(id INTEGER PRIMARY KEY, name TEXT, age INT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
  INSERT INTO people SELECT i, 'name' || i, i % 90 FROM n;
CREATE INDEX by_age ON people(age);
BEGIN; DELETE FROM people WHERE age < 10; ROLLBACK;
SELECT age, count(*) FROM people GROUP BY age ORDER BY 2 DESC, 1 LIMIT 5;
VACUUM;
PRAGMA integrity_check;
"""

REDIS = """\
set -e
cli() { redis-cli -h 127.0.0.1 -p PORT "$@"; }
cli set a 1; cli incr a; cli get a
for n in 1 2 3; do cli rpush list $n; done; cli lrange list 0 -1
cli eval "return redis.call('get', KEYS[1]) * 21" 1 a
cli bgsave; until [ "$(cli info persistence | tr -d '\\r' | sed -n 's/^rdb_bgsave_in_progress://p')" = 0 ]; do sleep 0.02; done
cli info persistence | tr -d '\\r' | grep rdb_last_bgsave_status
cli set b 2; cli dbsize
"""

SH = "/bin/sh"
PROGRAMS = {
    "nginx": Program(
        needs=["/usr/sbin/nginx", "/usr/bin/curl"],
        command=["nginx", "-p", "DIR", "-e", "DIR/error.log", "-c", "DIR/nginx.conf"],
        files={"nginx.conf": NGINX, "page.html": "<p>hello</p>\n", "ask": "for path in page.html none list; do curl -sS "
               "--compressed -w '%{http_code}\\n' http://127.0.0.1:PORT/$path; done | grep -v '<a href\\|<hr>'\n"},
        client=[SH, "ask"], must="<p>hello</p>\n200", lines="net bind PORT\nfiles read /etc/nginx /var/lib/nginx /var/log/nginx\n"),
    "redis": Program(
        needs=["/usr/bin/redis-server", "/usr/bin/redis-cli"],
        command=["redis-server", "--port", "PORT", "--bind", "127.0.0.1", "--dir", "DIR", "--save", "", "--io-threads", "2"],
        files={"ask": REDIS}, client=[SH, "ask"], must="42", lines="net bind PORT\n"),
    "sqlite": Program(needs=["/usr/bin/sqlite3"], command=[SH, "-c", "sqlite3 base.db <script"], files={"script": SQL},
                      must="ok"),
    "python": Program(needs=["/usr/bin/python3"], command=["/usr/bin/python3", "script.py"], files={"script.py": PYTHON},
                      must="from a child"),
    "python-server": Program(needs=["/usr/bin/python3", "/usr/bin/curl"], command=["/usr/bin/python3", "script.py"],
                             files={"script.py": SERVER, "page.html": "<p>hello</p>\n"},
                             client=["curl", "-sS", "http://127.0.0.1:PORT/page.html"], must="hello",
                             lines="net bind PORT\n"),
    "node": Program(needs=["/usr/bin/node"], command=["/usr/bin/node", "script.js"], files={"script.js": NODE},
                    must="you asked for /a", lines="net bind PORT\nnet connect PORT\n"),
    "git": Program(needs=["/usr/bin/git"], command=[SH, "script"], files={"script": GIT}, must="merged"),
    "gcc": Program(needs=["/usr/bin/gcc"], command=[SH, "script"], must="the root of 2 is 1.414214",
                   files={"script": GCC, "two.c": "double twice(double x) { return 2 * x; }\n",
                          "one.c": "#include <math.h>\n#include <stdio.h>\ndouble twice(double);\nint main(void) {\n"
                                   "  return printf(\"the root of 2 is %f\\n\", sqrt(twice(1))) < 0;\n}\n"},
                   lines="net none\nfiles exec .\n"),
    "tar": Program(needs=["/usr/bin/tar", "/usr/bin/xz"], command=[SH, "script"], files={"script": TAR},
                   must="tree/deep/er/file"),
    "curl": Program(needs=["/usr/bin/curl", "/usr/bin/python3"], command=[SH, "script"],
                    files={"script": CURL.replace("set -e\n", "set -e\n/usr/bin/python3 server.py 2>server.log & echo $! >server.pid\n"
                                                  "for n in 1 2 3 4 5 6 7 8 9; do curl -s -o /dev/null http://127.0.0.1:PORT/page.html && break; sleep 0.$n; done\n", 1),
                           "server.py": SERVER, "page.html": "<p>hello</p>\n",
                           "numbers": "".join(f"{n}\n" for n in range(20000))},
                    must="same", lines="net bind PORT\nnet connect PORT\n"),
}
