"""Pictures around the specification: image files, bicubic, noise, PSNR and SSIM."""
