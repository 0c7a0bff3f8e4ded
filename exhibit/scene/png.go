package scene

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/png"
	"io"
)

// The bounds of a picture in pixels: what common viewers still open, and what one process can hold.
const (
	mostSide   = 20_000
	mostPixels = 200_000_000
)

// PNG writes the drawing as a picture of perInch pixels an inch, in greys. It is an error beyond
// 20,000 pixels a side or 200 million in all; PixelsPerInch finds what fits. The same drawing
// gives the same pixels on every processor: places are integers of 1/256 pixel, and shapes
// are filled in tiles so small that the rasteriser counts in whole numbers.
func (sc *Scene) PNG(w io.Writer, perInch int) error {
	width, height := sc.pixels(perInch)
	if width > mostSide || height > mostSide || width*height > mostPixels {
		return fmt.Errorf("a picture of %d × %d pixels at %d an inch is too large to open: take fewer pixels an inch, or the SVG or PDF", width, height, perInch)
	}
	c := &canvas{img: image.NewGray(image.Rect(0, 0, width, height)), perInch: perInch, units: sc.perInch(), fonts: sc.Fonts}
	for i := range c.img.Pix {
		c.img.Pix[i] = 255
	}
	for i := range sc.Groups {
		if err := c.group(&sc.Groups[i]); err != nil {
			return err
		}
	}
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, c.img); err != nil {
		return fmt.Errorf("picture of %d × %d pixels: %w", width, height, err)
	}
	return writeWithDensity(w, b.Bytes(), perInch)
}

// PixelsPerInch returns the largest of most, its three quarters, its half and so on at which the
// drawing has at most pixels in all, and a side that common viewers open; at least 1.
func (sc *Scene) PixelsPerInch(most, pixels int) int {
	for n := most; n > 1; n = n * 3 / 4 {
		if w, h := sc.pixels(n); w <= mostSide && h <= mostSide && w*h <= min(pixels, mostPixels) {
			return n
		}
	}
	return 1
}

func (sc *Scene) pixels(perInch int) (w, h int) {
	up := func(v int) int { return max(1, (v*perInch+sc.perInch()-1)/sc.perInch()) }
	return up(sc.Width), up(sc.Height)
}

// headerEnd is where the first chunk of a PNG, its header, ends.
const headerEnd = 8 + 4 + 4 + 13 + 4

// writeWithDensity writes a PNG with a chunk that says how many pixels an inch has.
func writeWithDensity(w io.Writer, file []byte, perInch int) error {
	body := []byte("pHYs")
	perMetre := uint32((perInch*10_000 + 127) / 254)
	body = binary.BigEndian.AppendUint32(body, perMetre)
	body = binary.BigEndian.AppendUint32(body, perMetre)
	body = append(body, 1) // the unit is the metre
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(body)-4))
	chunk = append(chunk, body...)
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(body))
	for _, part := range [][]byte{file[:headerEnd], chunk, file[headerEnd:]} {
		if _, err := w.Write(part); err != nil {
			return fmt.Errorf("write the picture: %w", err)
		}
	}
	return nil
}
