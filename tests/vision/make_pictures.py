#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 The modelhub authors
# SPDX-License-Identifier: Apache-2.0
"""Makes the pictures that the decoders are tested with, and what Pillow makes of them.

  make_pictures.py FOLDER [PICTURES]

Writes NAME.jpg (.png, .webp, .tif) and, for each, NAME.jpg.ppm: the upright RGB picture that is expected.
Names say how near the result must be: "exact_..." to the last level, "near_..." within one level.
Of the pictures in the folder PICTURES it writes what Pillow decodes: real.txt, lines of name, width, height, SHA-256.
Of its bus.jpg it makes hard ones, that a detector is tried with: hard/NAME, and as hard/NAME.plain.png what they are.
"""
import hashlib
import os
import struct
import sys
import zlib

from PIL import Image, ImageOps

FOLDER = sys.argv[1]
WIDTH, HEIGHT = 37, 29  # odd, so that chroma at half size, tiles and passes all have an edge


def path_of(name):
    return os.path.join(FOLDER, name)


def expect(name, picture):
    picture.convert('RGB').save(path_of(name) + '.ppm', 'PPM')


def on_white(picture):
    rgba = picture.convert('RGBA')
    white = Image.new('RGB', rgba.size, (255, 255, 255))
    white.paste(rgba, mask=rgba.getchannel('A'))
    return white


def reread(name):
    """What Pillow makes of the file, upright."""
    with Image.open(path_of(name)) as picture:
        picture.load()
        return ImageOps.exif_transpose(picture)


def colours(width=WIDTH, height=HEIGHT):
    """Smooth, and different at every corner, so that a wrong turn shows."""
    picture = Image.new('RGB', (width, height))
    picture.putdata([(x * 255 // width, y * 255 // height, (x * y) % 256) for y in range(height) for x in range(width)])
    return picture


def alphas(width=WIDTH, height=HEIGHT):
    picture = Image.new('L', (width, height))
    picture.putdata([(x * 7 + y * 11) % 256 for y in range(height) for x in range(width)])
    return picture


def with_alpha():
    picture = colours().convert('RGBA')
    picture.putalpha(alphas())
    return picture


def save(name, picture, **options):
    picture.save(path_of(name), **options)
    expect(name, on_white(reread(name)) if picture.mode in ('RGBA', 'LA', 'P', 'PA') else reread(name))


def exif_with(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()


def stored_as(picture, orientation):
    """The rows to store so that, by `orientation`, the picture is shown upright."""
    undo = {2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
            5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
            8: Image.Transpose.ROTATE_270}
    return picture.transpose(undo[orientation]) if orientation in undo else picture


def make_jpegs():
    for sampling, label in ((0, '444'), (1, '422'), (2, '420')):
        save(f'exact_{label}.jpg', colours(), quality=90, subsampling=sampling)
    save('exact_progressive.jpg', colours(), quality=85, progressive=True)
    save('exact_gray.jpg', colours().convert('L'), quality=90)
    save('exact_cmyk.jpg', colours().convert('CMYK'), quality=95)
    save('exact_one_pixel.jpg', colours(1, 1), quality=90)
    save('exact_line.jpg', colours(30000, 1), quality=90)
    save('exact_dpi.jpg', colours(), quality=90, dpi=(300, 300))
    save('exact_two_dpi.jpg', colours(), quality=90, dpi=(204, 98))
    save('exact_turned_dpi.jpg', stored_as(colours(40, 24), 6), quality=95, dpi=(204, 98), exif=exif_with(6))
    for orientation in range(1, 9):
        stored = stored_as(colours(40, 24), orientation)
        save(f'exact_orientation_{orientation}.jpg', stored, quality=95, exif=exif_with(orientation))
    make_ycck()


def make_ycck():
    """A CMYK file of which the marker says that it is YCCK: three of its channels are luma and chroma."""
    name = 'exact_ycck.jpg'
    with open(path_of('exact_cmyk.jpg'), 'rb') as file:
        content = bytearray(file.read())
    at = content.index(b'Adobe\x00')
    content[at + 11] = 2  # the transform: 0 is CMYK, 2 is YCCK
    with open(path_of(name), 'wb') as file:
        file.write(content)
    expect(name, reread(name))


def chunk(name, content):
    return struct.pack('>I', len(content)) + name + content + struct.pack('>I', zlib.crc32(name + content))


def png(width, height, depth, color_type, rows, interlaced=0, before=b'', after=b''):
    header = struct.pack('>IIBBBBB', width, height, depth, color_type, 0, 0, interlaced)
    return (b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', header) + before + chunk(b'IDAT', zlib.compress(rows)) + after +
            chunk(b'IEND', b''))


def write(name, content):
    with open(path_of(name), 'wb') as file:
        file.write(content)


def interlaced(width, height, pixel):
    """The rows of the seven passes of Adam7; pixel(x, y) gives bytes."""
    rows = b''
    for x0, y0, dx, dy in ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)):
        for y in range(y0, height, dy):
            if x0 < width:
                rows += b'\0' + b''.join(pixel(x, y) for x in range(x0, width, dx))
    return rows


def make_16_bit_pngs():
    """Pillow cannot write these; what is expected is the upper half of each number."""
    def deep(x, y):
        return (x * 1771 % 65536, y * 2207 % 65536, (x * y * 97) % 65536)

    rgb = Image.new('RGB', (WIDTH, HEIGHT))
    rgb.putdata([tuple(v >> 8 for v in deep(x, y)) for y in range(HEIGHT) for x in range(WIDTH)])
    rows = b''.join(b'\0' + b''.join(struct.pack('>HHH', *deep(x, y)) for x in range(WIDTH)) for y in range(HEIGHT))
    write('exact_rgb16.png', png(WIDTH, HEIGHT, 16, 2, rows))
    expect('exact_rgb16.png', rgb)
    rows = b''.join(b'\0' + b''.join(struct.pack('>H', deep(x, y)[0]) for x in range(WIDTH)) for y in range(HEIGHT))
    write('exact_gray16.png', png(WIDTH, HEIGHT, 16, 0, rows))
    expect('exact_gray16.png', rgb.getchannel(0))
    rows = interlaced(WIDTH, HEIGHT, lambda x, y: struct.pack('>HHH', *deep(x, y)))
    write('exact_interlaced16.png', png(WIDTH, HEIGHT, 16, 2, rows, interlaced=1))
    expect('exact_interlaced16.png', rgb)


def make_odd_pngs():
    picture = with_alpha()
    rows = interlaced(WIDTH, HEIGHT, lambda x, y: bytes(picture.getpixel((x, y))))
    write('exact_interlaced_alpha.png', png(WIDTH, HEIGHT, 8, 6, rows, interlaced=1))
    expect('exact_interlaced_alpha.png', on_white(picture))
    # One shade of grey, and one colour, that count as transparent.
    gray = colours().convert('L')
    rows = b''.join(b'\0' + bytes(gray.getpixel((x, y)) for x in range(WIDTH)) for y in range(HEIGHT))
    write('exact_gray_key.png', png(WIDTH, HEIGHT, 8, 0, rows, before=chunk(b'tRNS', struct.pack('>H', 50))))
    expect('exact_gray_key.png', gray.point(lambda v: 255 if v == 50 else v))
    # A gamma and a broken colour profile change nothing; EXIF may stand after the pixels.
    rgb = colours()
    rows = b''.join(b'\0' + b''.join(bytes(rgb.getpixel((x, y))) for x in range(WIDTH)) for y in range(HEIGHT))
    extras = chunk(b'gAMA', struct.pack('>I', 100000)) + chunk(b'iCCP', b'x\0\0broken')
    late = chunk(b'eXIf', exif_with(3)[6:])
    write('exact_gamma_late_exif.png', png(WIDTH, HEIGHT, 8, 2, rows, before=extras, after=late))
    expect('exact_gamma_late_exif.png', rgb.transpose(Image.Transpose.ROTATE_180))


def make_pngs():
    save('exact_rgb.png', colours())
    save('exact_rgba.png', with_alpha())
    save('exact_gray.png', colours().convert('L'))
    save('exact_gray_alpha.png', with_alpha().convert('LA'))
    save('exact_one_bit.png', colours().convert('1'))
    save('exact_palette.png', colours().quantize(200))
    save('exact_palette_4.png', colours().quantize(13), bits=4)
    save('exact_palette_key.png', colours().quantize(16), transparency=bytes(range(0, 256, 16)))
    save('exact_one_pixel.png', colours(1, 1))
    save('exact_line.png', colours(30000, 1))
    save('exact_column.png', colours(1, 3000))
    save('exact_dpi.png', colours(), dpi=(300, 300))
    save('exact_two_dpi.png', colours(), dpi=(204, 98))
    for orientation in range(1, 9):
        save(f'exact_orientation_{orientation}.png', stored_as(colours(), orientation), exif=exif_with(orientation))
    make_16_bit_pngs()
    make_odd_pngs()


def make_webps():
    save('near_lossy.webp', colours(), quality=90)
    save('exact_lossless.webp', colours(), lossless=True)
    save('exact_alpha.webp', with_alpha(), lossless=True, exact=True)
    save('near_lossy_alpha.webp', with_alpha(), quality=90)
    save('exact_one_pixel.webp', colours(1, 1), lossless=True)
    for orientation in range(1, 9):
        save(f'exact_orientation_{orientation}.webp', stored_as(colours(), orientation), lossless=True,
             exif=exif_with(orientation))
    frames = [with_alpha(), colours().convert('RGBA').rotate(180)]
    frames[0].save(path_of('exact_animated.webp'), save_all=True, append_images=frames[1:], lossless=True, exact=True,
                   duration=100)
    expect('exact_animated.webp', on_white(frames[0]))


def make_tiffs():
    save('exact_rgb.tif', colours())
    save('exact_lzw.tif', colours(), compression='tiff_lzw')
    save('exact_deflate.tif', colours(), compression='tiff_adobe_deflate')
    save('exact_packbits.tif', colours(), compression='packbits')
    save('exact_gray.tif', colours().convert('L'))
    save('exact_one_bit.tif', colours().convert('1'))
    save('exact_fax.tif', colours().convert('1'), compression='group4')
    save('exact_fax3.tif', colours().convert('1'), compression='group3')
    save('exact_palette.tif', colours().quantize(100), compression='tiff_lzw')
    save('near_alpha.tif', with_alpha())
    save('near_jpeg.tif', colours(), compression='jpeg', quality=95)
    save('near_cmyk.tif', colours().convert('CMYK'))
    save('exact_dpi.tif', colours(), dpi=(300, 300))
    save('exact_two_dpi.tif', colours(), x_resolution=204, y_resolution=98, resolution_unit='inch')
    save('exact_dpi_across.tif', colours(), x_resolution=204, resolution_unit='inch')
    deep = Image.new('I;16', (WIDTH, HEIGHT))
    shades = [(x * 1771 + y * 31) % 65536 for y in range(HEIGHT) for x in range(WIDTH)]
    for i, shade in enumerate(shades):
        deep.putpixel((i % WIDTH, i // WIDTH), shade)
    deep.save(path_of('near_gray16.tif'))
    shallow = Image.new('L', (WIDTH, HEIGHT))
    shallow.putdata([shade >> 8 for shade in shades])
    expect('near_gray16.tif', shallow)
    pages = [colours(), colours().rotate(180)]
    pages[0].save(path_of('exact_pages.tif'), save_all=True, append_images=pages[1:])
    expect('exact_pages.tif', colours())
    for orientation in range(1, 9):
        stored_as(colours(), orientation).save(path_of(f'exact_orientation_{orientation}.tif'),
                                               tiffinfo={0x0112: orientation})
        expect(f'exact_orientation_{orientation}.tif', colours())


def make_broken():
    """Names here say what is wrong; nothing is expected but a clear error."""
    write('broken_bomb.png', png(60000, 60000, 8, 2, b'\0' * 1000))
    write('broken_claims_much.png', png(20000, 20000, 8, 2, b'\0' * 1000))
    float_tiff = Image.new('F', (WIDTH, HEIGHT), 0.5)
    float_tiff.save(path_of('broken_float.tif'))
    for ending, name in (('gif', 'GIF'), ('bmp', 'BMP'), ('ico', 'ICO')):
        colours(32, 32).save(path_of(f'broken_kind.{ending}'), name)


def describe_real_pictures(folder):
    with open(path_of('real.txt'), 'w') as report:
        for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
            if name.endswith(('.jpg', '.tif')):
                with Image.open(os.path.join(folder, name)) as picture:
                    rgb = ImageOps.exif_transpose(picture).convert('RGB')
                report.write(f'{name} {rgb.width} {rgb.height} {hashlib.sha256(rgb.tobytes()).hexdigest()}\n')


def make_hard_photos(photo):
    with Image.open(photo) as file:
        bus = file.convert('RGB')
    fade = Image.linear_gradient('L').resize(bus.size)

    def plain(name, picture):
        picture.convert('RGB').save(path_of(f'hard/{name}.plain.png'), compress_level=1)

    def hard(name, picture, **options):
        picture.save(path_of('hard/' + name), **options)
        shown = reread('hard/' + name)
        plain(name, on_white(shown) if shown.mode in ('RGBA', 'LA', 'P') else shown)

    for orientation in (3, 5, 6):
        hard(f'turned_{orientation}.jpg', stored_as(bus, orientation), quality=92, exif=exif_with(orientation))
    hard('cmyk.jpg', bus.convert('CMYK'), quality=92)
    hard('gray.jpg', bus.convert('L'), quality=92)
    hard('gray.png', bus.convert('L'), compress_level=1)
    hard('palette.png', bus.quantize(256), compress_level=1)
    for mode, name in (('RGBA', 'alpha.png'), ('LA', 'gray_alpha.png')):
        faded = bus.convert(mode)
        faded.putalpha(fade)
        hard(name, faded, compress_level=1)
    # Pillow cannot write 16 bits a channel. The lower half of each number says nothing.
    pixels, row = bus.tobytes(), 3 * bus.width
    rows = b''.join(b'\0' + b''.join(bytes((v, 255 - v)) for v in pixels[at:at + row]) for at in range(0, len(pixels), row))
    write('hard/rgb16.png', png(bus.width, bus.height, 16, 2, rows))
    plain('rgb16.png', bus)
    hard('one_pixel.png', colours(1, 1))
    hard('line.png', colours(30000, 1))
    hard('line.jpg', colours(30000, 1), quality=92)
    hard('column.png', colours(1, 30000))


def main():
    os.makedirs(path_of('hard'), exist_ok=True)
    describe_real_pictures(sys.argv[2] if len(sys.argv) > 2 else '')
    make_jpegs()
    make_pngs()
    make_webps()
    make_tiffs()
    make_broken()
    bus = os.path.join(sys.argv[2] if len(sys.argv) > 2 else '', 'bus.jpg')
    if os.path.exists(bus):
        make_hard_photos(bus)


main()
