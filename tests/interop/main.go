// Checks a log of this package with golang.org/x/mod/sumdb alone: note for keys and signatures, tlog for trees, tiles and proofs.
//
//	check tiles DIR VKEY               the checkpoint, every tile and every entry of an export
//	check receipt FILE RECORD VKEY     a C2SP tlog-proof, for the record in a file of its own
//	check grown OLD NEW PROOF VKEY     two checkpoints, and the hashes that join them, one a line
//
// Exits 0 where it holds, 1 where it does not, 2 where the call is wrong.
package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	var err error
	args := os.Args[1:]
	switch {
	case len(args) == 3 && args[0] == "tiles":
		err = tiles(args[1], args[2])
	case len(args) == 4 && args[0] == "receipt":
		err = receipt(args[1], args[2], args[3])
	case len(args) == 5 && args[0] == "grown":
		err = grown(args[1], args[2], args[3], args[4])
	default:
		fmt.Fprintln(os.Stderr, "check tiles DIR VKEY | receipt FILE RECORD VKEY | grown OLD NEW PROOF VKEY")
		os.Exit(2)
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// open checks the signature of a checkpoint and reads its three lines; tlog.ParseTree knows one origin only.
func open(data []byte, vkey string) (tlog.Tree, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return tlog.Tree{}, err
	}
	opened, err := note.Open(data, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		return tlog.Tree{}, errors.New("not the three lines of a head of this log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

func openFile(path, vkey string) (tlog.Tree, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return tlog.Tree{}, err
	}
	return open(data, vkey)
}

// directory is a tlog.TileReader. C2SP tlog-tiles leaves the height out of the path, for it is always 8.
type directory string

func (directory) Height() int { return 8 }

func (directory) SaveTiles([]tlog.Tile, [][]byte) {}

func (d directory) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range wanted {
		data, err := os.ReadFile(filepath.Join(string(d), strings.Replace(tile.Path(), "tile/8/", "tile/", 1)))
		if err != nil {
			return nil, err
		}
		found = append(found, data)
	}
	return found, nil
}

// bundle returns the entries of the bundle that goes with a tile of level 0.
func (d directory) bundle(tile tlog.Tile) ([][]byte, error) {
	data, err := os.ReadFile(filepath.Join(string(d), strings.Replace(tile.Path(), "tile/8/0/", "tile/entries/", 1)))
	if err != nil {
		return nil, err
	}
	var found [][]byte
	for len(data) > 0 {
		if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
			return nil, errors.New("an entry bundle is cut off")
		}
		end := 2 + int(binary.BigEndian.Uint16(data))
		found = append(found, data[2:end])
		data = data[end:]
	}
	if len(found) != tile.W {
		return nil, fmt.Errorf("a bundle of %d entries where %d are due", len(found), tile.W)
	}
	return found, nil
}

func tiles(dir, vkey string) error {
	tree, err := openFile(filepath.Join(dir, "checkpoint"), vkey)
	if err != nil {
		return err
	}
	reader := tlog.TileHashReader(tree, directory(dir))
	if tree.N > 0 {
		root, err := tlog.TreeHash(tree.N, reader)
		if err != nil {
			return err
		}
		if root != tree.Hash {
			return errors.New("the tiles have another root")
		}
	}
	for first := int64(0); first < tree.N; first += 256 {
		tile := tlog.Tile{H: 8, L: 0, N: first / 256, W: int(min(tree.N-first, 256))}
		entries, err := directory(dir).bundle(tile)
		if err != nil {
			return err
		}
		var wanted []int64
		for i := range entries {
			wanted = append(wanted, tlog.StoredHashIndex(0, first+int64(i)))
		}
		leaves, err := reader.ReadHashes(wanted)
		if err != nil {
			return err
		}
		for i, entry := range entries {
			if leaves[i] != tlog.RecordHash(entry) {
				return fmt.Errorf("entry %d is not the one in the tree", first+int64(i))
			}
		}
		proof, err := tlog.ProveRecord(tree.N, first, reader)
		if err != nil {
			return err
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, first, leaves[0]); err != nil {
			return err
		}
	}
	fmt.Printf("%d entries\n", tree.N)
	return nil
}

func min(a, b int64) int64 {
	if a < b {
		return a
	}
	return b
}

func receipt(path, record, vkey string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	line, err := os.ReadFile(record)
	if err != nil {
		return err
	}
	header, checkpoint, found := strings.Cut(string(data), "\n\n")
	lines := strings.Split(header, "\n")
	if len(lines) > 1 && strings.HasPrefix(lines[1], "extra ") {
		lines = append(lines[:1], lines[2:]...)
	}
	if !found || lines[0] != "c2sp.org/tlog-proof@v1" || len(lines) < 2 || !strings.HasPrefix(lines[1], "index ") {
		return errors.New("no tlog-proof")
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	if err != nil {
		return err
	}
	proof, err := hashes(lines[2:])
	if err != nil {
		return err
	}
	tree, err := open([]byte(checkpoint), vkey)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(line))
}

func grown(older, newer, joined, vkey string) error {
	old, err := openFile(older, vkey)
	if err != nil {
		return err
	}
	tree, err := openFile(newer, vkey)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(joined)
	if err != nil {
		return err
	}
	lines := strings.Split(string(data), "\n")
	if lines[len(lines)-1] != "" {
		return errors.New("the last hash has no line end")
	}
	proof, err := hashes(lines[:len(lines)-1])
	if err != nil {
		return err
	}
	return tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash)
}

func hashes(lines []string) ([]tlog.Hash, error) {
	var found []tlog.Hash
	for _, line := range lines {
		one, err := tlog.ParseHash(line)
		if err != nil {
			return nil, err
		}
		found = append(found, one)
	}
	return found, nil
}
