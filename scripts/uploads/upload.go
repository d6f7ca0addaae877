// Uploads files with the standard library. Usage: go run upload.go URL TOKEN FILE...
package main

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
)

func main() {
	for _, path := range os.Args[3:] {
		if err := upload(os.Args[1], os.Args[2], path); err != nil {
			log.Fatal(err)
		}
	}
}

func upload(url, token, path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", filepath.Base(path))
	if err != nil {
		return err
	}
	if _, err = part.Write(content); err != nil {
		return err
	}
	if err = form.Close(); err != nil {
		return err
	}
	request, err := http.NewRequest(http.MethodPost, url, &body)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", form.FormDataContentType())
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	fmt.Println(response.StatusCode, string(text))
	return err
}
