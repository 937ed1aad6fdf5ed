/// What sort of thing a type is, as far as a name can mislead about it.
enum TypeKind: Equatable {
    case text, markup, script, message, picture, sound, program, archive, document, font, signed, other

    init(_ type: String) {
        switch type {
        case "text/html", "application/xhtml+xml", "text/xml", "application/xml", "image/svg+xml", "application/hta": self = .markup
        case "text/javascript", "application/javascript", "application/x-javascript", "text/vbscript", "text/x-powershell",
            "text/x-msdos-batch",
            "text/x-shellscript", "text/x-python", "text/x-perl", "application/x-wsf", "text/x-script-encoded", "application/x-httpd-php":
            self = .script
        case "application/vnd.microsoft.portable-executable", "application/x-dosexec", "application/x-msdownload", "application/x-elf",
            "application/x-mach-binary", "application/java-vm", "application/vnd.android.dex", "application/x-msi",
            "application/x-ms-shortcut", "application/x-msdos-program", "application/java-archive",
            "application/vnd.android.package-archive":
            self = .program
        case "application/zip", "application/x-zip-compressed", "application/vnd.rar", "application/x-rar", "application/x-rar-compressed",
            "application/gzip", "application/x-gzip", "application/x-7z-compressed", "application/x-tar", "application/x-bzip2",
            "application/x-xz", "application/zstd", "application/vnd.ms-cab-compressed", "application/x-arj",
            "application/x-lzh-compressed",
            "application/x-ace-compressed", "application/x-iso9660-image", "application/x-compressed", "application/x-udf-image":
            self = .archive
        case "application/pdf", "text/rtf", "application/rtf", "application/msword", "application/onenote", "application/x-ole-storage",
            "application/encrypted":
            self = .document
        case "application/pkcs7-mime", "application/pkcs7-signature", "application/x-pkcs7-mime", "application/x-pkcs7-signature",
            "application/pgp-encrypted", "application/pgp-signature":
            self = .signed
        default:
            if type.hasPrefix("application/vnd.ms-") || type.hasPrefix("application/vnd.openxmlformats-")
                || type.hasPrefix("application/vnd.oasis.")
            {
                self = .document
            } else if type.hasPrefix("text/") {
                self = .text
            } else if type.hasPrefix("image/") {
                self = .picture
            } else if type.hasPrefix("audio/") || type.hasPrefix("video/") {
                self = .sound
            } else if type.hasPrefix("font/") {
                self = .font
            } else {
                self = type.hasPrefix("message/") ? .message : .other
            }
        }
    }
}
