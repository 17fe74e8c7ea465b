-module(erlang_app).
-behaviour(application).
-export([start/2, stop/1, do/1]).
-include_lib("inets/include/httpd.hrl").

start(_Type, _Arguments) ->
    Options = [
        {port, 8082},
        {bind_address, {0, 0, 0, 0}},
        {server_name, "erlang"},
        {server_root, "/tmp"},
        {document_root, "/tmp"},
        {modules, [?MODULE]}
    ],
    {ok, Server} = inets:start(httpd, Options),
    io:format("listening on port 8082~n"),
    {ok, Server}.

stop(_State) ->
    ok.

do(_Request) ->
    {proceed, [{response, {200, "erlang " ++ erlang:system_info(otp_release)}}]}.
