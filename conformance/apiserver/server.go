package main

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// patience is how long a server may take to come up: eight seconds when alone, longer beside a build.
const patience = 3 * time.Minute

// server is a running API server and its store.
type server struct {
	folder    string
	processes []*exec.Cmd
	url       string
	token     string
	client    *http.Client
	resources map[string]resource
}

func start() (s *server, err error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	binaries := filepath.Dir(program)
	folder, err := os.MkdirTemp("", "karat-apiserver-")
	if err != nil {
		return nil, err
	}
	s = &server{folder: folder, resources: map[string]resource{}}
	defer func() {
		if err != nil {
			s.stop()
		}
	}()
	ports, err := freePorts(3)
	if err != nil {
		return nil, err
	}
	store, peer := "http://127.0.0.1:"+ports[0], "http://127.0.0.1:"+ports[1]
	err = s.spawn(filepath.Join(binaries, "etcd"),
		"--data-dir="+filepath.Join(folder, "etcd"), "--unsafe-no-fsync", "--log-level=error",
		"--listen-client-urls="+store, "--advertise-client-urls="+store,
		"--listen-peer-urls="+peer, "--initial-advertise-peer-urls="+peer, "--initial-cluster=default="+peer)
	if err != nil {
		return nil, err
	}
	if err := s.secrets(); err != nil {
		return nil, err
	}
	s.url = "https://127.0.0.1:" + ports[2]
	err = s.spawn(filepath.Join(binaries, "kube-apiserver"),
		"--etcd-servers="+store, "--bind-address=127.0.0.1", "--secure-port="+ports[2],
		"--cert-dir="+filepath.Join(folder, "certificates"), "--token-auth-file="+filepath.Join(folder, "tokens.csv"),
		"--authorization-mode=AlwaysAllow", "--allow-privileged=true", "--service-cluster-ip-range=10.0.0.0/24",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file="+filepath.Join(folder, "accounts.key"),
		"--service-account-signing-key-file="+filepath.Join(folder, "accounts.key"),
		// There is no controller that would make the account of a namespace.
		"--disable-admission-plugins=ServiceAccount", "--profiling=false")
	if err != nil {
		return nil, err
	}
	s.client = &http.Client{
		Timeout: 30 * time.Second,
		// The server makes a certificate for itself; it listens on the loopback interface alone.
		Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}},
	}
	return s, s.ready()
}

// secrets writes a token for us and a key for the tokens of service accounts.
func (s *server) secrets() error {
	random := make([]byte, 16)
	if _, err := rand.Read(random); err != nil {
		return err
	}
	s.token = hex.EncodeToString(random)
	line := s.token + ",karat,karat,system:masters\n"
	if err := os.WriteFile(filepath.Join(s.folder, "tokens.csv"), []byte(line), 0o600); err != nil {
		return err
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	block := &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}
	return os.WriteFile(filepath.Join(s.folder, "accounts.key"), pem.EncodeToMemory(block), 0o600)
}

// spawn starts a process that ends with us.
func (s *server) spawn(program string, arguments ...string) error {
	log, err := os.Create(filepath.Join(s.folder, filepath.Base(program)+".log"))
	if err != nil {
		return err
	}
	defer log.Close()
	process := exec.Command(program, arguments...)
	process.Stdout, process.Stderr, process.Dir = log, log, s.folder
	process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := process.Start(); err != nil {
		return err
	}
	s.processes = append(s.processes, process)
	return nil
}

// ready waits until the server says so.
func (s *server) ready() error {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if answer, err := s.call("GET", "/readyz", "", nil); err == nil && answer.code == http.StatusOK {
			return nil
		}
		for _, process := range s.processes {
			var status syscall.WaitStatus
			if pid, err := syscall.Wait4(process.Process.Pid, &status, syscall.WNOHANG, nil); err == nil && pid != 0 {
				return fmt.Errorf("%s ended: %s", filepath.Base(process.Path), s.log(process))
			}
		}
	}
	return errors.New("the API server did not become ready: " + s.log(s.processes[1]))
}

// log is the end of what a process said.
func (s *server) log(process *exec.Cmd) string {
	text, _ := os.ReadFile(filepath.Join(s.folder, filepath.Base(process.Path)+".log"))
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-5):], "\n")
}

func (s *server) stop() {
	for i := len(s.processes) - 1; i >= 0; i-- {
		_ = s.processes[i].Process.Kill()
		_, _ = s.processes[i].Process.Wait()
	}
	_ = os.RemoveAll(s.folder)
}

// answer is what the server said.
type answer struct {
	code int
	body []byte
}

// call sends one request.
func (s *server) call(method, path, kind string, body []byte) (answer, error) {
	request, err := http.NewRequest(method, s.url+path, bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	request.Header.Set("Authorization", "Bearer "+s.token)
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	reply, err := s.client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	return answer{code: reply.StatusCode, body: text}, err
}

// freePorts finds ports that nobody listens on. Somebody else might take one before we do; then we do not start.
func freePorts(count int) ([]string, error) {
	var ports []string
	for range count {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		// Closed at the end, so that the next one is another.
		defer listener.Close()
		_, port, err := net.SplitHostPort(listener.Addr().String())
		if err != nil {
			return nil, err
		}
		ports = append(ports, port)
	}
	return ports, nil
}
