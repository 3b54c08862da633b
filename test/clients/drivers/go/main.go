// The session that every client holds, with the Go SDK's client. See ../session.mjs.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

type plan struct {
	Command   string            `json:"command"`
	Args      []string          `json:"args"`
	Env       map[string]string `json:"env"`
	URL       string            `json:"url"`
	Headers   map[string]string `json:"headers"`
	Unknown   string            `json:"unknown"`
	Declined  string            `json:"declined"`
	Confirmed string            `json:"confirmed"`
	Resource  string            `json:"resource"`
	Options   struct {
		ProtocolVersion string `json:"protocolVersion"`
	} `json:"options"`
}

type found map[string]any

// withHeaders adds the headers of the plan to each request.
type withHeaders map[string]string

func (headers withHeaders) RoundTrip(request *http.Request) (*http.Response, error) {
	request = request.Clone(request.Context())
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	return http.DefaultTransport.RoundTrip(request)
}

var confirmation = regexp.MustCompile(`"confirmation":\s*\{\s*"id":\s*"([^"]+)"`)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	var p plan
	if err := json.Unmarshal([]byte(os.Getenv("CLIENT_RUN")), &p); err != nil {
		return err
	}
	ctx := context.Background()
	wanted, forms := "decline", 0
	client := mcp.NewClient(&mcp.Implementation{Name: "clients-test", Version: "1.0.0"}, &mcp.ClientOptions{
		ElicitationHandler: func(_ context.Context, request *mcp.ElicitRequest) (*mcp.ElicitResult, error) {
			forms++
			if wanted == "decline" {
				return &mcp.ElicitResult{Action: "decline"}, nil
			}
			schema, err := json.Marshal(request.Params.RequestedSchema)
			if err != nil {
				return nil, err
			}
			content := map[string]any{"confirm": true}
			if strings.Contains(string(schema), `"name":`) {
				content = map[string]any{"name": p.Confirmed}
			}
			return &mcp.ElicitResult{Action: "accept", Content: content}, nil
		},
	})
	session, err := client.Connect(ctx, transport(p), &mcp.ClientSessionOptions{ProtocolVersion: p.Options.ProtocolVersion})
	if err != nil {
		return err
	}
	defer session.Close()

	call := func(name string, args map[string]any) (string, error) {
		result, err := session.CallTool(ctx, &mcp.CallToolParams{Name: name, Arguments: args})
		if err != nil {
			return "", err
		}
		var texts []string
		for _, item := range result.Content {
			if text, ok := item.(*mcp.TextContent); ok {
				texts = append(texts, text.Text)
			}
		}
		return strings.Join(texts, "\n"), nil
	}
	step("list", func() (found, error) {
		var names []string
		for tool, err := range session.Tools(ctx, nil) {
			if err != nil {
				return nil, err
			}
			names = append(names, tool.Name)
		}
		return found{"names": names}, nil
	})
	remove := func(name, answer string) (found, error) {
		wanted = answer
		before := forms
		text, err := call("accounts_delete", map[string]any{"account_id": name})
		switch {
		case err != nil:
			return nil, err
		case forms > before:
			return found{"text": text, "by": "form"}, nil
		case answer == "decline":
			return found{"text": text, "by": "preview"}, nil
		}
		id := confirmation.FindStringSubmatch(text)
		if id == nil {
			return found{"text": text, "by": "nothing"}, nil
		}
		text, err = call("confirm_call", map[string]any{"id": id[1]})
		return found{"text": text, "by": "confirm_call"}, err
	}
	text := func(text string, err error) (found, error) { return found{"text": text}, err }
	step("read", func() (found, error) { return text(call("accounts_list", map[string]any{"limit": 2})) })
	step("error", func() (found, error) { return text(call("accounts_get", map[string]any{"account_id": p.Unknown})) })
	step("decline", func() (found, error) { return remove(p.Declined, "decline") })
	step("confirm", func() (found, error) { return remove(p.Confirmed, "accept") })
	step("resource", func() (found, error) {
		result, err := session.ReadResource(ctx, &mcp.ReadResourceParams{URI: p.Resource})
		if err != nil {
			return nil, err
		}
		if len(result.Contents) == 0 {
			return nil, errors.New("no contents")
		}
		return found{"text": result.Contents[0].Text}, nil
	})
	return nil
}

func transport(p plan) mcp.Transport {
	if p.Command == "" {
		return &mcp.StreamableClientTransport{Endpoint: p.URL, HTTPClient: &http.Client{Transport: withHeaders(p.Headers)}}
	}
	command := exec.Command(p.Command, p.Args...)
	command.Env = os.Environ()
	for name, value := range p.Env {
		command.Env = append(command.Env, name+"="+value)
	}
	return &mcp.CommandTransport{Command: command}
}

func step(name string, carryOut func() (found, error)) {
	result, err := carryOut()
	if err != nil {
		result = found{"failed": err.Error()}
	}
	result["step"] = name
	line, err := json.Marshal(result)
	if err != nil {
		panic(err)
	}
	fmt.Printf("\n%s\n", line)
}
