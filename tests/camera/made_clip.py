"""Raw H.264 with a moving test picture, made by ffmpeg."""

import subprocess


def make_clip(path, seconds, *options, size="320x192", gop=15):
    """options: further ones of ffmpeg's encoder."""
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", f"testsrc2=s={size}:r=30:d={seconds}",
                    "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", str(gop), *options, path],
                   check=True)
