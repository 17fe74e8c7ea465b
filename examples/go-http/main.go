// Short links: PUT /docs with a URL as the body, then GET /docs leads there.
package main

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
)

type links struct{ redis *redis.Client }

func (l links) follow(w http.ResponseWriter, r *http.Request) {
	target, err := l.redis.Get(r.Context(), "link:"+r.PathValue("name")).Result()
	switch {
	case errors.Is(err, redis.Nil):
		http.NotFound(w, r)
	case err != nil:
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	default:
		http.Redirect(w, r, target, http.StatusFound)
	}
}

func (l links) save(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 2000))
	if err != nil {
		http.Error(w, "the URL is too long", http.StatusRequestEntityTooLarge)
		return
	}
	target, err := url.Parse(string(body))
	if err != nil || (target.Scheme != "https" && target.Scheme != "http") {
		http.Error(w, "the body has to be an http or https URL", http.StatusBadRequest)
		return
	}
	if err := l.redis.Set(r.Context(), "link:"+r.PathValue("name"), target.String(), 0).Err(); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusCreated)
}

func (l links) health(w http.ResponseWriter, r *http.Request) {
	if err := l.redis.Ping(r.Context()).Err(); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	}
}

func main() {
	options, err := redis.ParseURL(os.Getenv("REDIS_URL"))
	if err != nil {
		log.Fatalf("REDIS_URL: %v", err)
	}
	l := links{redis.NewClient(options)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", l.health)
	mux.HandleFunc("GET /{name}", l.follow)
	mux.HandleFunc("PUT /{name}", l.save)

	server := &http.Server{Addr: ":8080", Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	go func() {
		<-ctx.Done()
		deadline, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = server.Shutdown(deadline)
	}()
	log.Printf("listening on %s", server.Addr)
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
}
