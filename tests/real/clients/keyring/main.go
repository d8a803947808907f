// Writes items as aws-vault and granted do: by the library that both use. On stdin comes one JSON object: the library's own
// configuration, the passphrase of files, and the items with their data as text.
package main

import (
	"encoding/json"
	"log"
	"os"

	"github.com/99designs/keyring"
)

type task struct {
	Config   keyring.Config
	Password string
	Items    []struct{ Key, Data string }
}

func main() {
	var t task
	if err := json.NewDecoder(os.Stdin).Decode(&t); err != nil {
		log.Fatal(err)
	}
	t.Config.FilePasswordFunc = keyring.FixedStringPrompt(t.Password)
	ring, err := keyring.Open(t.Config)
	if err != nil {
		log.Fatal(err)
	}
	for _, item := range t.Items {
		err := ring.Set(keyring.Item{Key: item.Key, Data: []byte(item.Data), Label: "aws-vault (" + item.Key + ")"})
		if err != nil {
			log.Fatal(item.Key, ": ", err)
		}
	}
}
